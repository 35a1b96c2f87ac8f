"""CSV: a row for each token, or a row for each entity of a text.

    Sentence #,Word,POS,Tag              text,start,end,label
    Sentence: 1,Ada,NNP,B-PER            Ada left Rome,0,3,PER
    ,left,VBD,O                          Ada left Rome,9,13,LOC

A row may also have lists of tokens and tags, see `csv_lists`, or a text and a list of
its entities, see `csv_entities`. The separator is a comma, a semicolon or a tab.
Offsets are characters, end exclusive. A table without a header is read if its columns
can be told, see `headerless`.
"""

import csv
import io
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from .base import AnnotatedText, ReadReport
from .cells import tsv_rows
from .claims import Claim, is_there
from .columns import SAMPLE
from .csv_entities import read_entities
from .csv_lists import are_lists, read_lists
from .headerless import SEPARATORS, headerless
from .lines import read_text
from .mentions import place, whole_number
from .missing import is_missing
from .tags import are_bare_tags, tag_pattern
from .token_tags import TaggedRow, read_rows_of_tags, tag_values

MOST_HEADER = 1_000  # characters
NAMES = {
    "token": ("token", "word", "tokens", "words"),
    "tag": ("ner_tags", "ner_tag", "ner", "tag", "tags", "iob", "label", "labels",
            "entity"),
    "text": ("text", "full_text", "sentence"),
    "start": ("start", "start_offset", "start_char", "begin"),
    "end": ("end", "end_offset", "end_char"),
    "label": ("label", "entity_type", "type", "entity", "tag", "category"),
    "label_beside_entity": ("tag", "category"),
    "mention": ("mention", "entity_text", "span", "value"),
    "unit": ("sentence #", "sentence_id", "sent_id", "sentence", "sentence_idx",
             "doc_id", "document_id", "document"),
    "document": ("doc_id", "document_id", "document"),
    "id": ("id",),
    "entity": ("entity",),
    "entities": ("entities", "spans", "annotations"),
}  # fmt: skip
TOKENS, SPANS = ("token", "tag"), ("text", "start", "end", "label")
LISTS = ("text", "entities")
# beside a label, in what Label Studio exports as CSV: that label is a list
LABEL_STUDIO = "lead_time"
Rows: TypeAlias = Iterable[tuple[int, dict[str, str]]]
# a token that is a quote, in a file that does not quote
LONE_QUOTE = re.compile(r'(^|\t)"(\t|\r?$)', re.MULTILINE)
LINE_END = re.compile(r"\r\n|\r|\n")
WHOLE = re.compile(r"(\d+)\.0+")  # pandas writes numbers so if some are missing


@dataclass(slots=True)
class _Unit:
    """The rows of a sentence or a text: {name: value} of each, with its line."""

    rows: list[tuple[int, dict[str, str]]] = field(default_factory=list)
    document: str = ""


def header_of(line: str) -> tuple[str, dict[str, int]] | None:
    """Return the separator and the column of each name. None if the line is not the
    header of one of the layouts."""
    for separator in SEPARATORS:
        cells = next(csv.reader([line[:MOST_HEADER]], delimiter=separator), [])
        titles = [cell.strip().casefold() for cell in cells]
        columns = {
            name: titles.index(next(t for t in known if t in titles))
            for name, known in NAMES.items()
            if any(t in titles for t in known)
        }
        if {"text", "label", LABEL_STUDIO} <= set(titles):
            columns["entities"] = titles.index("label")
        if any(set(names) <= set(columns) for names in (TOKENS, SPANS, LISTS)):
            return separator, columns
    return None


def read_csv(
    path: Path, report: ReadReport, *, joiner: str | None = None
) -> Iterator[AnnotatedText]:
    """Yield one text per sentence, or per text. Tokens without a tag, or with pandas'
    NaN, are unknown.

    joiner: the string between tokens, " " or "". It is guessed if None.
    An empty row, or another value of the column of sentences, begins a sentence. A
    column `id` is that of the sentences or texts, unless it numbers the rows.
    Raises ValueError if there is no such header and the columns cannot be told without
    one (E204, E220), if the quotes do not match, and those of `read_rows_of_tags` and
    `read_lists`.
    """
    text = read_text(path, report)
    lines = LINE_END.split(text.lstrip(), maxsplit=SAMPLE)[:SAMPLE]
    header = header_of(lines[0])
    table = None if header else headerless(path, lines)
    if table is not None:
        report.layout = table.described()
    elif header is None:
        why = (
            "its first line is no header with token and tag, text, start, end, label, "
            "or text and entities, and its columns cannot be told without one"
        )
        raise report.unreadable(1, why)
    separator, columns = header or table
    rows = list(_rows(text, separator, columns, report, headed=header is not None))
    has_tokens = set(TOKENS) <= set(columns)
    if not has_tokens and not set(SPANS) <= set(columns):
        yield from read_entities(_by_id(rows, report, False), report)
        return
    has_lists = has_tokens and are_lists(values for _, values in rows)
    if set(SPANS) <= set(columns) and not (has_tokens and _are_tags(rows)):
        if "unit" not in columns:
            rows = _by_id(rows, report, _are_spans_of_few_texts(rows))
        for unit in _texts(rows):
            yield report.count(_spans(unit, report))
    elif has_lists:
        yield from read_lists(path, _by_id(rows, report, False), report, joiner)
    else:
        if "unit" not in columns:
            rows = _by_id(rows, report, True)
        sentences = list(_sentences(_sentence_units(rows), report))
        yield from read_rows_of_tags(path, sentences, report, joiner)


def _rows(
    text: str,
    separator: str,
    columns: dict[str, int],
    report: ReadReport,
    *,
    headed: bool,
) -> Rows:
    """Yield (line, values) of each row, without the header if the table is `headed`. An
    empty row has no values."""
    csv.field_size_limit(max(csv.field_size_limit(), len(text)))
    rows = _cells(text, separator, report)
    width = len(columns)
    if headed:
        width = next(len(row) for _, row in rows if any(c.strip() for c in row))
    for line, row in rows:
        whole = any(cell.strip() for cell in row)
        values = {n: row[i] for n, i in columns.items() if i < len(row)}
        values["extra"] = "".join(row[width:]).strip()
        yield line, values if whole else {}


def _cells(text: str, separator: str, report: ReadReport) -> Iterator[tuple[int, list]]:
    """Yield the first line of each row, and its cells. In a table with tabs, a token
    that is a quote, or a quote that would join rows, is a character like others."""
    lines = io.StringIO(text, newline="")
    if separator == "\t" and not LONE_QUOTE.search(text):
        yield from tsv_rows(lines)
        return
    quoting = csv.QUOTE_NONE if separator == "\t" else csv.QUOTE_MINIMAL
    reader = csv.reader(lines, delimiter=separator, quoting=quoting, strict=True)
    first = 1
    try:
        for cells in reader:
            yield first, cells
            first = reader.line_num + 1
    except csv.Error as error:
        raise report.unreadable(reader.line_num, str(error)) from error


def _are_tags(rows: Rows) -> bool:
    """Return whether the tags are those of tokens, such as B-PER and O, and not labels
    of entities."""
    tags = [values["tag"].strip() for _, values in rows if "tag" in values]
    return tag_pattern(tags) is not None or are_bare_tags(tags)


def _are_spans_of_few_texts(rows: Rows) -> bool:
    """Return whether texts repeat, each time with another entity."""
    found = [values for _, values in rows if values]
    texts = {values.get("text", "") for values in found}
    spans = {tuple(values.get(name, "") for name in SPANS) for values in found}
    return len(texts) < len(spans) == len(found)


def _by_id(rows: Rows, report: ReadReport, may_number_rows: bool) -> Rows:
    """Return the rows with their `id` as the value of the sentence or the text, unless
    it has another value in each of several rows, and may thus number the rows."""
    ids = [_cell(values, "id") for _, values in rows if values]
    if may_number_rows and "" not in ids and len(ids) == len(set(ids)) > 1:
        report.layout = report.layout or "the column id numbers the rows"
        return rows
    return [(n, {"unit": v["id"], **v} if "id" in v else v) for n, v in rows]


def _sentence_units(rows: Rows) -> Iterator[_Unit]:
    """Yield the rows of each sentence. Empty cells belong to the sentence before. The
    numbers of sentences may begin again in each document."""
    unit, last = _Unit(), ("", "")
    for line, values in rows:
        here = _cell(values, "document"), _cell(values, "unit")
        is_other = any(
            new not in ("", old) for new, old in zip(here, last, strict=True)
        )
        if unit.rows and (not values or is_other):
            yield unit
            unit = _Unit()
        if values:
            last = here[0] or last[0], here[1] or last[1]
            unit.document = last[0]
            unit.rows.append((line, values))
    if unit.rows:
        yield unit


def _texts(rows: Rows) -> list[_Unit]:
    """Return the rows of each text, wherever they are. Empty cells are those above."""
    units: dict[tuple[str, str], _Unit] = {}
    last = ("", "")
    for line, values in rows:
        if values and not _is_nan(values):
            text, unit = values.get("text", ""), _cell(values, "unit")
            last = (text or last[0], unit or last[1])
            units.setdefault(last, _Unit()).rows.append((line, values))
    return list(units.values())


def _spans(unit: _Unit, report: ReadReport) -> AnnotatedText:
    (line, first), claims = unit.rows[0], []
    text = first["text"]
    for _, values in unit.rows:
        cells = [_cell(values, name) for name in SPANS[1:]]
        if any(cells):
            start, end = (whole_number(WHOLE.sub(r"\1", cell)) for cell in cells[:2])
            mention = values["mention"] if _cell(values, "mention") else None
            claim = Claim(start, end, cells[2], mention)
            other = _cell(values, "label_beside_entity")
            as_mention = claim._replace(mention=_cell(values, "entity"))
            if other and cells[2] == as_mention.mention and is_there(text, as_mention):
                claim = claim._replace(label=other)
            claims.append(claim)
    placed = place(report, line, text, claims)
    document = _cell(first, "unit")
    return AnnotatedText(text, document=document, line=line, **placed)


def _sentences(units: Iterable[_Unit], report: ReadReport) -> Iterator[TaggedRow]:
    for unit in units:
        words = [values.get("token", "").strip() for _, values in unit.rows]
        tags = [tag_values([values.get("tag")]) for _, values in unit.rows]
        # a comma that is not quoted makes a cell too many
        extra = [values.get("extra", "") for _, values in unit.rows]
        bad = [
            i for i, word in enumerate(words) if not word or extra[i] or tags[i] is None
        ]
        if bad:
            line, values = unit.rows[bad[0]]
            kind = "sentence with a bad row"
            report.lose(line, kind, ", ".join(map(str, values.values()))[:60])
        else:
            known = [tag for found in tags for tag in found or ()]
            yield TaggedRow(unit.rows[0][0], unit.document, words, known)


def _cell(values: dict[str, str], name: str) -> str:
    """Return an offset, a label or a unit, "" if it is missing."""
    cell = values.get(name, "").strip()
    return "" if is_missing(cell) else cell


def _is_nan(values: dict[str, str]) -> bool:
    """Return whether a row has the same missing value in all columns. A text may be
    N/A in other rows."""
    cells = {values.get(name, "").strip() for name in SPANS}
    return len(cells) == 1 and "" not in cells and all(map(is_missing, cells))
