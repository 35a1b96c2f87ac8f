"""Write annotated documents as the bytes of one output file."""

import base64
import io
import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from math import isfinite
from typing import Any

from spacy.tokens import Doc, DocBin

from ..corpora.parquet import parquet_module
from .entities import Entity
from .inputs import InputFile
from .rows import Row
from .schema import ENTITIES, schema_from
from .values import unwritable

# format: the ending of its files
FORMATS = {"jsonl": ".jsonl", "spacy": ".spacy", "parquet": ".parquet"}
FIELDS = "fields"  # the key of doc.user_data with the input's own fields

# an input document, its doc and its entities
Annotated = tuple[Row, Doc, list[Entity]]
Source = tuple[InputFile, Row]


def writer(format: str, schema: str) -> Callable[[Sequence[Annotated]], bytes]:
    """Return the function that writes a format. schema: see `Schema.to_text`."""
    if format == "spacy":
        return to_docbin
    if format == "parquet":
        columns = schema_from(schema)
        return lambda docs: to_parquet(docs, columns)
    return to_jsonl


def checker(format: str, schema: str) -> Callable[[Sequence[Source]], list[Source]]:
    """Return the function that gives a problem to each document that the format cannot
    hold. schema: see `Schema.to_text`."""
    columns = schema_from(schema) if format == "parquet" else None

    def check(sources: Sequence[Source]) -> list[Source]:
        rows = [_checked(file, row, format) for file, row in sources]
        if columns is not None:
            rows = _fitting(rows, columns)
        return [(file, row) for (file, _), row in zip(sources, rows, strict=True)]

    return check


def to_jsonl(docs: Sequence[Annotated]) -> bytes:
    return b"".join(map(json_line, map(_record, docs)))


def to_docbin(docs: Sequence[Annotated]) -> bytes:
    """A doc keeps what it has. A text's other fields are in
    `doc.user_data["fields"]`."""
    docbin = DocBin(store_user_data=True)
    for row, doc, _ in docs:
        if row.doc is None:
            doc.user_data[FIELDS] = json.loads(json.dumps(row.fields, default=_simple))
        docbin.add(doc)
    return docbin.to_bytes()


def to_parquet(docs: Sequence[Annotated], schema: Any) -> bytes:
    import pyarrow

    table = pyarrow.Table.from_pylist([_record(one) for one in docs], schema=schema)
    out = io.BytesIO()
    parquet_module().write_table(table, out)
    return out.getvalue()


def json_line(record: dict[str, Any]) -> bytes:
    """Return a line of JSON in UTF-8. Dates and the like become strings, bytes become
    base64, and floats that JSON does not have (NaN, infinities) null."""
    try:
        text = json.dumps(record, ensure_ascii=False, allow_nan=False, default=_simple)
        return f"{text}\n".encode()
    except ValueError:  # also half a character, which JSON can escape
        record = _finite(record)
        text = json.dumps(record, allow_nan=False, default=_simple)
        return f"{text}\n".encode()


def _record(one: Annotated) -> dict[str, Any]:
    row, _, entities = one
    return row.fields | {ENTITIES: entities}


def _finite(value: Any) -> Any:
    """Return the value with None for floats that JSON does not have."""
    if isinstance(value, float):
        return value if isfinite(value) else None
    if isinstance(value, dict):
        return {name: _finite(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(inner) for inner in value]
    return value


def _simple(value: Any) -> str:
    if isinstance(value, bytes):
        return base64.b64encode(value).decode("ascii")
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def _checked(file: InputFile, row: Row, format: str) -> Row:
    if row.text is None or row.doc is not None or file.kind == "parquet":
        return row
    return _failing(row, unwritable(row.fields, format))


def _fitting(rows: list[Row], schema: Any) -> list[Row]:
    """Give a problem to the rows whose values are not of the schema's types."""
    if not _misfit(rows, schema):
        return rows
    return [_failing(row, _misfit([row], schema)) for row in rows]


def _misfit(rows: list[Row], schema: Any) -> str:
    import pyarrow

    fields = [row.fields for row in rows if row.text is not None]
    try:
        pyarrow.Table.from_pylist(fields, schema=schema)
    except Exception as error:  # of arrow, or of a conversion
        return f"it does not fit the columns: {error}"
    return ""


def _failing(row: Row, problem: str) -> Row:
    return replace(row, text=None, problem=problem) if problem else row
