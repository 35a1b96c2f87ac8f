"""Read the documents of input files, in order."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO

from ..corpora.cells import read_cells, repaired
from ..corpora.lines import BOM
from ..corpora.parquet import parquet_module
from ..errors import Errors
from .inputs import InputError, InputFile, ending_of

DEEPEST = 200  # Python writes no values that are nested much deeper
TOO_DEEP = f"it is nested more than {DEEPEST} deep"


@dataclass(frozen=True, slots=True)
class Row:
    """A document of an input file.

    number: of the line, row or doc in its file, from 1.
    text: None if it has none, and `problem` says why.
    fields: what the input has for it, the text among them.
    doc: the bytes of a spaCy doc, if the input is one.
    """

    number: int
    text: str | None
    fields: dict[str, Any]
    problem: str = ""
    doc: bytes | None = None


@dataclass(frozen=True, slots=True)
class Layout:
    """Where texts are in files.

    column: the field or column of JSON lines, CSV and Parquet.
    lines: whether each line of a text file is a document, and not the whole file.
    """

    column: str = "text"
    lines: bool = False


def read_rows(file: InputFile, layout: Layout) -> Iterator[Row]:
    """Yield the documents of a file. Blank lines are none.

    Raises InputError if the column is not there (E413), or if the file is damaged so
    that documents after the damage would be lost (E414).
    """
    read = {
        "text": _lines if layout.lines else _text,
        "jsonl": _jsonl,
        "csv": _csv,
        "parquet": _parquet,
        "spacy": _spacy,
    }[file.kind]
    try:
        with file.open() as stream:
            yield from read(stream, file, layout)
    except (InputError, ImportError):
        raise
    except Exception as error:  # of csv, zlib, zstd, arrow, spaCy or a storage
        reason = str(error) or type(error).__name__
        raise InputError(Errors.E414.format(path=file.path, reason=reason)) from error


def _text(stream: BinaryIO, file: InputFile, layout: Layout) -> Iterator[Row]:
    yield _decoded(stream.read(), 1, {"file": file.shown})


def _lines(stream: BinaryIO, file: InputFile, layout: Layout) -> Iterator[Row]:
    for number, line in _raw_lines(stream):
        yield _decoded(line, number, {"file": file.shown, "line": number})


def _decoded(data: bytes, number: int, fields: dict[str, Any]) -> Row:
    try:
        text = data.decode("utf8").removeprefix(BOM)
    except UnicodeDecodeError as error:
        fields = fields | {"text": data.decode("utf8", "replace")}
        return Row(number, None, fields, f"it is not UTF-8: {error.reason}")
    return Row(number, text, fields | {"text": text})


def _jsonl(stream: BinaryIO, file: InputFile, layout: Layout) -> Iterator[Row]:
    first: Row | None = None
    has_column = False
    for place, (number, line) in enumerate(_raw_lines(stream)):
        try:
            fields = json.loads(line.removeprefix(BOM.encode()))
            problem = "" if isinstance(fields, dict) else "it is not an object"
        except ValueError as error:  # also of the encoding
            fields, problem = None, f"it is not JSON: {error}"
        except RecursionError:
            fields, problem = None, TOO_DEEP
        many = line.count(b"[") + line.count(b"{") > DEEPEST
        if many and is_deeper(fields, DEEPEST):
            problem = TOO_DEEP
        if problem and place == 0 and _begins_list(line):
            raise InputError(Errors.E440.format(path=file.path))
        if problem:
            shown = line.decode("utf8", "replace")
            yield Row(number, None, {"line": shown}, problem)
            continue
        row = _with_text(number, fields, layout.column)
        has_column = has_column or layout.column in fields
        first = first or row
        yield row
    if first is not None and not has_column:
        raise InputError(_no_column(file, layout, first.fields))


def _begins_list(line: bytes) -> bool:
    """Whether a line that is no object is a list of objects, or the first line of one,
    and not an object that is damaged."""
    line = b"".join(line.removeprefix(BOM.encode()).split())
    return line == b"[" or (
        line.startswith(b"[{") and line.endswith((b"]", b",", b"{"))
    )


def _csv(stream: BinaryIO, file: InputFile, layout: Layout) -> Iterator[Row]:
    cells = read_cells(stream, tabs=ending_of(file.path)[0] == ".tsv")
    header = next(cells, None)
    if header is None:  # an empty file
        return
    if layout.column not in header:
        raise InputError(_no_column(file, layout, [repaired(name) for name in header]))
    if len(set(header)) < len(header):
        raise ValueError("two of its columns have the same name")
    if header != [repaired(name) for name in header]:
        raise ValueError("the names of its columns are not UTF-8")
    for number, values in enumerate(cells, 1):
        whole = [repaired(value) for value in values]
        fields = dict(zip(header, whole, strict=False))
        if len(values) != len(header):
            problem = f"it has {len(values)} cells, the header has {len(header)}"
        else:
            problem = "" if whole == values else "it is not UTF-8"
        text = None if problem else fields[layout.column]
        yield Row(number, text, fields, problem)


def _parquet(stream: BinaryIO, file: InputFile, layout: Layout) -> Iterator[Row]:
    parquet = parquet_module()
    table = parquet.ParquetFile(stream)
    if layout.column not in table.schema_arrow.names:
        raise InputError(_no_column(file, layout, table.schema_arrow.names))
    number = 0
    for batch in table.iter_batches(batch_size=256):
        for fields in batch.to_pylist():
            number += 1
            yield _with_text(number, fields, layout.column)


def _spacy(stream: BinaryIO, file: InputFile, layout: Layout) -> Iterator[Row]:
    from spacy.tokens import DocBin
    from spacy.vocab import Vocab

    docs = DocBin().from_bytes(stream.read()).get_docs(Vocab())
    for number, doc in enumerate(docs, 1):
        fields = {"file": file.shown, "doc": number, "text": doc.text}
        yield Row(number, doc.text, fields, doc=doc.to_bytes())


def _with_text(number: int, fields: dict[str, Any], column: str) -> Row:
    text = fields.get(column)
    if isinstance(text, str):
        return Row(number, text, fields)
    kind = "missing" if column not in fields else f"{text!r:.40}, which is no string"
    return Row(number, None, fields, f"its field {column!r} is {kind}")


def _raw_lines(stream: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """Yield the number and bytes of each line that is not blank."""
    for number, line in enumerate(stream, 1):
        line = line.rstrip(b"\r\n")
        if line.removeprefix(BOM.encode()).strip():
            yield number, line


def is_deeper(value: Any, most: int) -> bool:
    """Whether lists and objects are nested more than `most` deep."""
    if not isinstance(value, dict | list):
        return False
    parts = value.values() if isinstance(value, dict) else value
    return most == 0 or any(is_deeper(part, most - 1) for part in parts)


def _no_column(file: InputFile, layout: Layout, known: Any) -> str:
    shown = ", ".join(map(repr, known)) or "none"
    return Errors.E413.format(path=file.path, column=layout.column, known=shown)
