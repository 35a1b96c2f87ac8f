"""PubTator: a title, an abstract and a line for each entity.

    10|t|Ada left
    10|a|She is in Rome.
    10	0	3	Ada	Person	1

Offsets are characters, end exclusive. They count from the title on, with one character
between it and the abstract.
"""

import re
from collections.abc import Iterable, Iterator
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
    for block in _blocks(read_lines(path, report)):
        text = _document(block, report)
        if text is not None:
            yield report.count(text)


def _blocks(lines: Iterable[tuple[int, str]]) -> Iterator[list[tuple[int, str]]]:
    """Yield the lines of each document. It begins with a title or with a passage of
    another id. Blank lines do not end it, unless another id follows."""
    block: list[tuple[int, str]] = []
    is_after_blank = False
    for number, line in lines:
        if not line.strip():
            is_after_blank = True
            continue
        passage = PASSAGE.fullmatch(line)
        is_other = bool(block) and _id(line) != _id(block[0][1])
        is_title = passage is not None and passage["part"] == "t"
        if block and (is_title or (is_other and (passage or is_after_blank))):
            yield block
            block = []
        block.append((number, line))
        is_after_blank = False
    if block:
        yield block


def _id(line: str) -> str:
    passage = PASSAGE.fullmatch(line)
    return passage["document"] if passage else line.split("\t")[0]


def _document(block: list[tuple[int, str]], report: ReadReport) -> AnnotatedText | None:
    parts: dict[str, str] = {}
    document, claims = "", []
    first = block[0][0]
    for _, line in block:
        if passage := PASSAGE.fullmatch(line):
            document = passage["document"]
            parts[passage["part"]] = passage["text"]
        else:
            claims += _claims(line, _id(block[0][1]))
    if "t" not in parts:
        report.lose(first, "document without a title", block[0][1][:60])
        return None
    text = parts["t"] + (f" {parts['a']}" if "a" in parts else "")
    placed = place(report, first, text, claims)
    return AnnotatedText(text, document=document, line=first, **placed)


def _claims(line: str, document: str) -> list[Claim]:
    """Return the entity of a line, or nothing if the line is a relation."""
    fields = line.split("\t")
    relation = len(fields) > 1 and fields[1][:1].isalpha()
    if relation:
        return []
    if len(fields) < ENTITY_FIELDS:
        fault = "line is neither an entity nor a relation"
        return [Claim(None, None, None, line[:80], fault)]
    if fields[0] != document:
        return [Claim(None, None, None, line[:80], "entity of another document")]
    _, start, end, mention, label, *_ = fields
    return [Claim(whole_number(start), whole_number(end), label, mention)]
