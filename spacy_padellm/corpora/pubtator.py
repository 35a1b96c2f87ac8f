"""PubTator: a title, an abstract and a line for each entity.

    10|t|Ada left
    10|a|She is in Rome.
    10	0	3	Ada	Person	1

Offsets are characters, end exclusive. They count from the title on, with one character
between it and the abstract. Between documents there may be an empty line.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from .base import AnnotatedText, Entity, ReadReport
from .claims import Claim
from .lines import read_lines
from .mentions import place, whole_number

PASSAGE = re.compile(r"(?P<document>[^|\t]+)\|(?P<part>[ta])\|(?P<text>.*)", re.DOTALL)
ID = re.compile(r"([^|\t]+)(?:\t|\|\w\|)")
ENTITY_FIELDS = 5


def is_pubtator(lines: list[tuple[int, str]]) -> bool:
    """Return whether the lines have this format: they begin with a title."""
    first = next((line for _, line in lines if line.strip()), "")
    match = PASSAGE.fullmatch(first)
    return match is not None and match["part"] == "t"


@dataclass(slots=True)
class Document:
    """The lines of a document. parts: the title "t" and the abstract "a"."""

    name: str
    line: int
    head: str
    parts: dict[str, str] = field(default_factory=dict)
    claims: list[Claim] = field(default_factory=list)


def read_pubtator(path: Path, report: ReadReport) -> Iterator[AnnotatedText]:
    """Yield one text per document, the title and the abstract. `document` is its id.

    A document begins where another title or id does. Empty lines do not matter in it.
    Lines that have no offsets are relations. They are not read.

    Documents without a title, and entities among the lines of another document, are
    skipped and reported. The texts that they may belong to are unknown.
    """
    documents, unread = _documents(read_lines(path, report), report)
    unread |= {d.name for d in documents if "t" not in d.parts}
    for document in documents:
        if "t" in document.parts:
            yield report.count(_text(document, document.name in unread, report))
        else:
            kind = "document without a title"
            report.lose(document.line, kind, document.head[:60])


def _documents(
    lines: Iterable[tuple[int, str]], report: ReadReport
) -> tuple[list[Document], set[str]]:
    """Return the documents, and the ids of those that may lack an entity."""
    documents: list[Document] = []
    names, unread = set(), set()
    after_gap = False
    for number, line in lines:
        passage = PASSAGE.fullmatch(line)
        claims = [] if passage or not line.strip() else _claims(line)
        if passage or claims:
            last = documents[-1] if documents else Document("", 0, "")
            name = match[1].strip() if (match := ID.match(line)) else last.name
            if passage:
                begins = name != last.name or passage["part"] in last.parts
            else:
                begins = after_gap and name not in names
            if passage and begins and name == last.name and not last.claims:
                report.skip(number, "title or abstract repeated", line[:60])
                unread.add(name)
            if begins or not documents:
                documents.append(Document(name, number, line))
                names.add(name)
            document = documents[-1]
            if passage:
                document.parts[passage["part"]] = passage["text"]
            elif name == document.name:
                document.claims += claims
            else:
                report.lose_entity(number, "entity of another document", line[:80])
                unread |= {name, document.name}
        after_gap = not line.strip()
    return documents, unread


def _text(document: Document, unread: bool, report: ReadReport) -> AnnotatedText:
    """Return the text. unread: whether all of it is unknown, except its entities."""
    parts, line = document.parts, document.line
    text = parts["t"] + (f" {parts['a']}" if "a" in parts else "")
    placed = place(report, line, text, document.claims)
    if unread and text:
        placed["unknown"] = (Entity(0, len(text), ""), *placed["unknown"])
    return AnnotatedText(text, document=document.name, line=line, **placed)


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
