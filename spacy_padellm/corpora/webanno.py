"""WebAnno TSV 3, the export of WebAnno and INCEpTION:

    #FORMAT=WebAnno TSV 3.3
    #T_SP=de.tudarmstadt[...].ner.type.NamedEntity|identifier|value

    #Text=Ada Byron left
    1-1	0-3	Ada	*[1]	PER[1]
    1-2	4-9	Byron	*[1]	PER[1]
    1-3	10-14	left	_	_

A number in brackets joins tokens to a span, and | separates stacked spans. Row 1-3.1 is
a part of token 1-3.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from .base import AnnotatedText, ReadReport
from .claims import Claim
from .lines import read_lines
from .mentions import place, whole_number
from .units import Units

FORMAT = "#FORMAT=WebAnno TSV 3"
NAMED_ENTITY = "NamedEntity"
CUSTOM = ("custom.", "webanno.custom.")
VALUES = ("value", "label")  # the feature with the label, else it is the first
ESCAPED = re.compile(r"\\(.)")
CONTROL = {"n": "\n", "t": "\t", "r": "\r"}
STACKED = re.compile(r"(?<!\\)\|")
NUMBERED = re.compile(r"(?P<label>.*?)(\[(?P<span>\d+)\])?", re.DOTALL)


class _Sentence(NamedTuple):
    line: int
    text: str
    rows: list[list[str]]


def read_webanno(path: Path, report: ReadReport) -> Iterator[AnnotatedText]:
    """Yield one text per sentence. The spans are those of the layer of named entities,
    or of the custom layers if there is none.

    Sentences whose tokens are not in their text are skipped and reported. Spans that
    leave their sentence are lost and reported. Raises ValueError if there is no layer
    of spans.
    """
    lines = list(read_lines(path, report))
    columns = _columns([line for _, line in lines])
    if not columns:
        why = "no layer of named entities and no custom layer in its #T_SP lines"
        raise report.unreadable(1, why)
    sentences = list(_sentences(lines))
    first: dict[tuple[int, str], int] = {}
    crossing = set()
    for number, sentence in enumerate(sentences):
        for row in sentence.rows:
            for column, _, span in _labels(row, columns):
                if span and first.setdefault((column, span), number) != number:
                    crossing.add((column, span))
    for sentence in sentences:
        text = _text(sentence, columns, crossing, report)
        if text is not None:
            yield report.count(text)


def _columns(lines: list[str]) -> list[int]:
    """Return the columns of the labels."""
    column, named, custom = 3, [], []
    for line in lines:
        if not line.startswith("#T_"):
            continue
        kind, _, layer = line.partition("=")
        name, *features = layer.split("|")
        features = [feature for feature in features if feature]
        chosen = next((features.index(v) for v in VALUES if v in features), 0)
        if kind == "#T_SP" and name.endswith(NAMED_ENTITY):
            named.append(column + chosen)
        elif kind == "#T_SP" and name.startswith(CUSTOM) and features:
            custom.append(column + chosen)
        column += max(1, len(features))
    return named or custom


def _sentences(lines: list[tuple[int, str]]) -> Iterator[_Sentence]:
    texts: list[str] = []
    rows: list[list[str]] = []
    start = 0
    for number, line in [*lines, (len(lines) + 1, "")]:
        if line.startswith("#Text="):
            start = start or number
            texts.append(line.removeprefix("#Text="))
        elif line[:1].isdigit() and texts:
            rows.append(line.split("\t"))
        elif not line.strip() and texts:
            text = ESCAPED.sub(_unescaped, "\n".join(texts))
            yield _Sentence(start, text, rows)
            texts, rows, start = [], [], 0


def _text(
    sentence: _Sentence,
    columns: list[int],
    crossing: set[tuple[int, str]],
    report: ReadReport,
) -> AnnotatedText | None:
    line, text, rows = sentence
    spans: dict[tuple, tuple[int, int]] = {}
    faults: dict[tuple, str] = {}
    start = end = begin = 0
    for i, row in enumerate(rows):
        word = ESCAPED.sub(_unescaped, row[2]) if len(row) > 2 else ""
        units = [whole_number(n) for n in row[1].split("-")] if len(row) > 1 else []
        if not word or len(units) != 2 or None in units:
            report.lose(line + 1 + i, "sentence with a bad line", "\t".join(row)[:60])
            return None
        if "." in row[0]:  # a part of the last token
            inside = units[0] - begin, units[1] - begin
            inside = Units(text[start:end], utf16=True).characters(*inside) or inside
            edges = start + inside[0], start + inside[1]
        else:
            start = text.find(word, end)
            if start < 0:
                kind = "sentence without one of its tokens"
                report.lose(line + 1 + i, kind, f"{word!r} in {text[:60]!r}")
                return None
            end, begin = start + len(word), units[0]
            edges = start, end
        for column, label, span in _labels(row, columns):
            key = (column, label, span or (i,))
            spans[key] = spans.get(key, edges)[0], edges[1]
            if (column, span) in crossing:
                faults[key] = "entity in several sentences"
    claims = [
        Claim(*edges, key[1], text[slice(*edges)], faults.get(key, ""))
        for key, edges in spans.items()
    ]
    return AnnotatedText(text, line=line, **place(report, line, text, claims))


def _labels(row: list[str], columns: list[int]) -> Iterator[tuple[int, str, str]]:
    """Yield the column, the label ("" if it has none) and the span number of each
    annotation of a token."""
    for column in columns:
        value = row[column] if column < len(row) else ""
        if value in ("", "_"):
            continue
        for part in STACKED.split(value):
            match = NUMBERED.fullmatch(part)
            label = "" if match["label"] == "*" else match["label"]
            yield column, ESCAPED.sub(_unescaped, label), match["span"] or ""


def _unescaped(match: re.Match) -> str:
    return CONTROL.get(match[1], match[1])
