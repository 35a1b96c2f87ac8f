"""ACE 2005 (LDC2006T06): the text is in X.sgm and its annotation in X.apf.xml.

Offsets are characters of the .sgm file without its tags, END inclusive. Newlines count,
and escapes such as &amp; count as they are written.
"""

import re
import xml.sax
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Literal, NamedTuple

from ..errors import Errors
from .apf import ApfMention, read_apf
from .base import AnnotatedText, Entity, ReadReport
from .lines import read_lines
from .script import CHINESE

TAG = re.compile(r"</?[A-Za-z!?][^<>]*>")
ESCAPE = re.compile(r"&(amp|lt|gt|quot|apos);", re.IGNORECASE)
ESCAPED = {"amp": "&", "lt": "<", "gt": ">", "quot": '"', "apos": "'"}
GAP = re.compile(r"\n[ \t\u3000]*\n\s*")  # between paragraphs
SPACE = re.compile(r"\s+")


class Source(NamedTuple):
    """text: a .sgm file without its tags. edges: the characters where passages begin or
    end. body: the (start, end) of each <TEXT> element in `text`."""

    text: str
    edges: list[int]
    body: list[tuple[int, int]]


def read_ace(
    path: Path,
    report: ReadReport,
    *,
    part: Literal["extent", "head"] = "extent",
    kinds: Collection[str] = ("NAM", "NOM", "PRO"),
) -> Iterator[AnnotatedText]:
    """Yield one text for each passage of <TEXT>. `document` is the DOCID.

    Tags and empty lines separate passages, except inside of a mention. Line breaks
    become spaces, or nothing between Chinese characters. Passages outside of <TEXT> are
    only read if they have a mention. If a mention is not at its offsets, all passages
    are unknown.

    path: either of the two files.
    part: read whole mentions ("extent") or their heads.
    kinds: the mention types to read. By default these are names, nominals and pronouns,
        as in the literature on nested NER.
    Raises ValueError if the other file is missing, or if the annotation is not XML.
    """
    path, sgm = sources(path)
    report.path = path
    try:
        document, mentions = read_apf(path, part)
    except xml.sax.SAXParseException as error:
        raise report.unreadable(error.getLineNumber(), error.getMessage()) from error
    source = read_sgm(sgm, report)
    found, lost = [], []
    for mention in mentions:
        if mention.kind not in kinds:
            continue
        found_words = source.text[mention.start : mention.end]
        if not 0 <= mention.start < mention.end <= len(source.text):
            report.lose_entity(mention.line, "entity outside the text", mention.words)
            lost.append(mention._replace(start=0, end=len(source.text)))
        elif not mention.label:
            report.lose_entity(mention.line, "entity without a label", mention.words)
            lost.append(mention)
        elif _plain(found_words) != _plain(mention.words):
            detail = f"{mention.words!r}, but the text has {found_words!r}"
            report.lose_entity(mention.line, "mention is not at its offsets", detail)
            lost.append(mention._replace(start=0, end=len(source.text)))
        else:
            found.append(mention)
    for start, end in passages(source, found):
        text, place = tidy(source.text, start, end)
        inside = [m for m in found if start <= m.start and m.end <= end]
        entities = {Entity(place[m.start], place[m.end], m.label) for m in inside}
        line = 1 + source.text.count("\n", 0, start)
        unknown = {
            Entity(place[max(m.start, start)], place[min(m.end, end)], m.label)
            for m in lost
            if m.start < end and start < m.end
        }
        details = {"document": document, "line": line}
        details["unknown"] = tuple(sorted(unknown))
        yield report.count(AnnotatedText(text, tuple(sorted(entities)), **details))


def sources(path: Path) -> tuple[Path, Path]:
    """Return the .apf.xml and the .sgm file. Raises ValueError if one is missing."""
    stem = path.name.removesuffix(".sgm").removesuffix(".xml").removesuffix(".apf")
    pair = path.with_name(f"{stem}.apf.xml"), path.with_name(f"{stem}.sgm")
    for file in pair:
        if not file.is_file():
            raise ValueError(Errors.E210.format(path=path, other=file.name))
    return pair


def read_sgm(path: Path, report: ReadReport) -> Source:
    raw = "\n".join(line for _, line in read_lines(path, report))
    pieces, edges, body, at, length, opened = [], [], [], 0, 0, None
    for tag in TAG.finditer(raw):
        pieces.append(raw[at : tag.start()])
        length += len(pieces[-1])
        at = tag.end()
        edges.append(length)
        if tag[0].upper() == "<TEXT>":
            opened = length
        elif tag[0].upper() == "</TEXT>" and opened is not None:
            body.append((opened, length))
            opened = None
    text = "".join([*pieces, raw[at:]])
    if opened is not None:
        body.append((opened, len(text)))
    edges += [gap.end() for gap in GAP.finditer(text)]
    return Source(text, sorted({0, *edges, len(text)}), body)


def passages(source: Source, mentions: list[ApfMention]) -> Iterator[tuple[int, int]]:
    """Yield the first character and the end (exclusive) of each passage to read."""
    inner = {
        edge
        for mention in mentions
        for edge in source.edges
        if mention.start < edge < mention.end
    }
    edges = [edge for edge in source.edges if edge not in inner]
    for start, end in zip(edges, edges[1:], strict=False):
        in_body = any(first <= start and end <= last for first, last in source.body)
        if source.text[start:end].strip() and (
            in_body or any(start <= m.start < end for m in mentions)
        ):
            yield start, end


def tidy(text: str, start: int, end: int) -> tuple[str, dict[int, int]]:
    """Return the passage on one line with resolved escapes, and a map from offsets in
    `text` (`start` to `end`, inclusive) to offsets in it."""
    pieces, place, length, at = [], {}, 0, start
    while at < end:
        if escape := ESCAPE.match(text, at, end):
            piece, stop = ESCAPED[escape[1].lower()], escape.end()
        elif space := SPACE.match(text, at, end):
            stop = space.end()
            piece = space[0]
            if length == 0 or stop == end:
                piece = ""
            elif "\n" in piece:
                chinese = CHINESE.match(text[at - 1]) and CHINESE.match(text[stop])
                piece = "" if chinese else " "
        else:
            piece, stop = text[at], at + 1
        # offsets inside an escape or whitespace map to its beginning
        place.update((i, length) for i in range(at, stop))
        pieces.append(piece)
        length += len(piece)
        at = stop
    place[end] = length
    return "".join(pieces), place


def _plain(text: str) -> str:
    """Remove what differs between the two files: escapes, line breaks and spaces."""
    return SPACE.sub("", ESCAPE.sub(lambda m: ESCAPED[m[1].lower()], text))
