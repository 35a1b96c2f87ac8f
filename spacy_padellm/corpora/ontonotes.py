"""The *.name files of OntoNotes 4 and 5, as released by the LDC.

    <DOC DOCNO="nw/xinhua/00/chtb_0001@all@xinhua@nw@zh@on">
    <ENAMEX TYPE="PERSON">Ada Byron</ENAMEX> left <ENAMEX TYPE="GPE">Rome</ENAMEX> .
    </DOC>

Each line is a sentence, with spaces between tokens. S_OFF and E_OFF are the numbers of
characters of the first and last token that are outside of the name.
"""

import html
import re
from collections.abc import Iterator
from pathlib import Path

from .base import AnnotatedText, Entity, ReadReport
from .lines import read_lines
from .mentions import whole_number
from .script import joiner_of

DOC = re.compile(r'\s*(<DOC DOCNO="(?P<name>[^"]*)"[^>]*>|</DOC>)\s*')
TAG = re.compile(r"<(?P<close>/?)(ENAMEX|NUMEX|TIMEX)(?P<values>[^<>]*)>")
BROKEN_TAG = re.compile(r"</?(ENAMEX|NUMEX|TIMEX)\b")
VALUE = re.compile(r'(\w+)="([^"]*)"')


def read_ontonotes(
    path: Path, report: ReadReport, *, joiner: str | None = None
) -> Iterator[AnnotatedText]:
    """Yield one text per line. `document` is its DOCNO.

    The entities are names, numbers and times, including nested ones.

    joiner: the string between tokens, " " or "". It is guessed if None.
    Lines with unmatched tags are skipped and reported. Raises ValueError if the file
    has no such tags.
    """
    lines = list(read_lines(path, report))
    if not any(DOC.match(line) or TAG.search(line) for _, line in lines):
        raise report.unreadable(1, "no <DOC> and no <ENAMEX>")
    if joiner is None:
        joiner = joiner_of(
            TAG.sub("", line) for _, line in lines if not DOC.match(line)
        )
    document = ""
    for number, line in lines:
        if doc := DOC.fullmatch(line):
            document = doc["name"] or ""
        elif line.strip():
            text = _sentence(line, number, document, joiner, report)
            if text is not None:
                yield report.count(text)


def _sentence(
    line: str, number: int, document: str, joiner: str, report: ReadReport
) -> AnnotatedText | None:
    words: list[str] = []
    starts: list[int] = []  # the offset of each word in the text
    open_tags: list[tuple[int, dict[str, str]]] = []
    found: list[tuple[int, int, dict[str, str]]] = []
    at, length = 0, 0

    def take(piece: str) -> None:
        nonlocal length
        for word in map(html.unescape, piece.split()):
            length += len(joiner) if words else 0
            starts.append(length)
            words.append(word)
            length += len(word)

    for tag in TAG.finditer(line):
        take(line[at : tag.start()])
        at = tag.end()
        if not tag["close"]:
            open_tags.append((len(words), dict(VALUE.findall(tag["values"]))))
        elif open_tags:
            start, values = open_tags.pop()
            found.append((start, len(words), values))
        else:
            report.lose(number, "line with a tag that closes nothing", tag[0])
            return None
    take(line[at:])
    if open_tags:
        report.lose(number, "line with a tag that does not close", line[:80])
        return None
    if BROKEN_TAG.search(TAG.sub("", line)):
        report.lose(number, "line with a broken tag", line[:80])
        return None
    if not words:
        report.lose(number, "line without a token", line[:80])
        return None
    entities, unknown = [], []
    for start, end, values in found:
        if start == end:
            report.lose_entity(number, "entity without text", str(values))
            continue
        first, last = starts[start], starts[end - 1] + len(words[end - 1])
        label = values.get("TYPE", "")
        before, after = (
            whole_number(values.get(key, "0")) for key in ("S_OFF", "E_OFF")
        )
        if not label or before is None or after is None:
            kind = "entity without a label or offset"
        elif first + before >= last - after:
            kind = "entity outside the text"
        else:
            entities.append(Entity(first + before, last - after, label))
            continue
        report.lose_entity(number, kind, str(values))
        unknown.append(Entity(first, last, label))
    spaces = (*[bool(joiner)] * (len(words) - 1), False)
    return AnnotatedText(
        joiner.join(words),
        tuple(sorted(entities)),
        tuple(words),
        spaces,
        document=document,
        line=number,
        unknown=tuple(sorted(unknown)),
    )
