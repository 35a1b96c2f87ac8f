"""brat's standoff: the text is in X.txt and its annotation in X.ann.

    T1	PER 0 9	Ada Byron
    T2	LOC 14 17;22 26	New York

Offsets are characters, end exclusive. Parts of a discontinuous span are separated by ;.
"""

import re
from collections.abc import Iterator
from pathlib import Path

from ..errors import Errors
from .base import AnnotatedText, ReadReport
from .claims import Claim
from .lines import BOM, read_lines, read_text
from .mentions import DISCONTINUOUS, place, whole_number

# a document without annotation has an empty .ann file
SPAN = re.compile(r"(?P<label>\S+) (?P<places>-?\d+ -?\d+(;-?\d+ -?\d+)*)")
SUFFIXES = (".ann", ".txt")


def is_brat(path: Path) -> bool:
    """Return whether this is one of the two files of a document."""
    return path.suffix == ".ann" or (
        path.suffix == ".txt" and path.with_suffix(".ann").is_file()
    )


def read_brat(path: Path, report: ReadReport) -> Iterator[AnnotatedText]:
    """Yield the text of a document. `document` is the name of its files.

    Lines of the .ann file that do not begin with T are relations, events, attributes
    and notes. They are not read. Discontinuous spans are lost and reported.

    path: either of the two files. Raises ValueError if the other is missing.
    """
    annotation, source = (path.with_suffix(suffix) for suffix in SUFFIXES)
    for file in (annotation, source):
        if not file.is_file():
            raise ValueError(Errors.E217.format(path=path, other=file.name))
    if path != annotation:
        report.path = annotation
    found = list(_claims(annotation, report))
    text = read_text(source, report, keep_mark=True)
    text = _as_annotated(text, [claim for _, claim in found])
    if text.startswith(BOM):  # no part of the first word
        text = text.removeprefix(BOM)
        found = [(line, _before_mark(claim)) for line, claim in found]
    if not text.strip():
        return
    entities, unknown = [], []
    # each entity by itself, so that its line can be named
    for line, claim in found:
        placed = place(report, line, text, [claim])
        entities += placed["entities"]
        unknown += placed["unknown"]
    yield report.count(
        AnnotatedText(
            text,
            tuple(sorted(set(entities))),
            document=path.stem,
            line=1,
            unknown=tuple(sorted(set(unknown))),
        )
    )


def _claims(path: Path, report: ReadReport) -> Iterator[tuple[int, Claim]]:
    for number, line in read_lines(path, report):
        name, _, rest = line.partition("\t")
        if not name.startswith("T"):
            continue
        span, _, mention = rest.partition("\t")
        match = SPAN.fullmatch(span)
        if match is None:
            fault = "line is not a label and offsets"
            yield number, Claim(None, None, None, line[:80], fault)
            continue
        edges = [whole_number(edge) for edge in re.split("[ ;]", match["places"])]
        # a span over several lines has a part in each, with no gap but the line end
        gaps = zip(edges[1::2], edges[2::2], strict=False)
        whole = None not in edges and all(0 <= b - a <= 1 for a, b in gaps)
        fault = "" if whole else DISCONTINUOUS
        first, last = edges[0], edges[-1]
        yield number, Claim(first, last, match["label"], mention or None, fault)


def _as_annotated(text: str, claims: list[Claim]) -> str:
    """Return the text with the line ends, and with or without the byte order mark, that
    the offsets count."""
    marked = dict.fromkeys((text.removeprefix(BOM), text))
    ends = (("", ""), ("\r\n", "\n"), ("\n", "\r\n"))
    versions = [one.replace(*end) if end[0] else one for one in marked for end in ends]
    return max(versions, key=lambda version: _hits(version, claims))


def _before_mark(claim: Claim) -> Claim:
    """Where it is in a text without its byte order mark."""
    if claim.start is None or claim.end is None:
        return claim
    mention = claim.mention and claim.mention.removeprefix(BOM)
    start, end = max(claim.start - 1, 0), claim.end - 1
    return claim._replace(start=start, end=end, mention=mention)


def _hits(text: str, claims: list[Claim]) -> int:
    whole = [claim for claim in claims if claim.mention and not claim.fault]
    return sum(text[c.start : c.end].split() == c.mention.split() for c in whole)
