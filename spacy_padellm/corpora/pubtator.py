"""PubTator: a title, an abstract and a line for each entity.

    10|t|Ada left
    10|a|She is in Rome.
    10	0	3	Ada	Person	1

Offsets are characters, end exclusive. They count from the title on, with one character
between it and the abstract.
"""

import re
from collections.abc import Iterator
from pathlib import Path

from .base import AnnotatedText, ReadReport
from .lines import read_lines
from .mentions import Claim, place, whole_number

PASSAGE = re.compile(r"(?P<document>[^|\t]+)\|(?P<part>[ta])\|(?P<text>.*)", re.DOTALL)
ENTITY_FIELDS = 5


def is_pubtator(lines: list[tuple[int, str]]) -> bool:
    """Return whether the lines have this format: they begin with a title."""
    first = next((line for _, line in lines if line.strip()), "")
    match = PASSAGE.fullmatch(first)
    return match is not None and match["part"] == "t"


def read_pubtator(path: Path, report: ReadReport) -> Iterator[AnnotatedText]:
    """Yield one text per document, the title and the abstract. `document` is its id.

    Lines that have no offsets are relations. They are not read. Documents without a
    title are skipped and reported.
    """
    block: list[tuple[int, str]] = []
    for number, line in [*read_lines(path, report), (0, "")]:
        if line.strip():
            block.append((number, line))
        elif block:
            text = _document(block, report)
            if text is not None:
                yield report.count(text)
            block = []


def _document(block: list[tuple[int, str]], report: ReadReport) -> AnnotatedText | None:
    parts: dict[str, str] = {}
    document, claims = "", []
    first = block[0][0]
    for _, line in block:
        if passage := PASSAGE.fullmatch(line):
            document = passage["document"]
            parts[passage["part"]] = passage["text"]
        else:
            claims += _claims(line)
    if "t" not in parts:
        report.lose(first, "document without a title", block[0][1][:60])
        return None
    text = parts["t"] + (f" {parts['a']}" if "a" in parts else "")
    placed = place(report, first, text, claims)
    return AnnotatedText(text, document=document, line=first, **placed)


def _claims(line: str) -> list[Claim]:
    """Return the entity of a line, or nothing if the line is a relation."""
    fields = line.split("\t")
    relation = len(fields) > 1 and fields[1][:1].isalpha()
    if relation:
        return []
    if len(fields) < ENTITY_FIELDS:
        fault = "line is neither an entity nor a relation"
        return [Claim(None, None, None, line[:80], fault)]
    _, start, end, mention, label, *_ = fields
    return [Claim(whole_number(start), whole_number(end), label, mention)]
