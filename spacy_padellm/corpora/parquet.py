"""Rows of Parquet files, such as those of Hugging Face data sets, as JSON has them.

The schema of a data set has its features under the key "huggingface", with the names of
tags that are numbers.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ..errors import Errors
from .base import ReadReport

MAGIC = b"PAR1"
HEAD = 100  # number of rows to look at
NO_CLASS = -1  # Hugging Face's number for a label that is not known


def is_parquet(path: Path) -> bool:
    with Path(path).open("rb") as file:
        return file.read(len(MAGIC)) == MAGIC


def parquet_module() -> Any:
    """Import pyarrow.parquet. Raises ImportError (E420) if it is not there."""
    try:
        import pyarrow.parquet
    except ImportError:
        message = Errors.E420.format(
            what="Parquet", package="pyarrow", extra="annotate"
        )
        raise ImportError(message) from None
    return pyarrow.parquet


def read_rows(path: Path, report: ReadReport) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield (number from 1, row) of a Parquet file, and note its columns in the report.

    Numbers of classes become their names, if the schema has them. A table of lists
    becomes a list of tables, as Hugging Face's `Sequence` stores it the other way
    round. Values that are null are left out.

    Raises ValueError (E219) if the file is damaged.
    """
    parquet = parquet_module()
    from pyarrow import ArrowException

    number = 0
    try:
        with parquet.ParquetFile(path) as table:
            features = _features(table.schema_arrow.metadata)
            columns = ", ".join(table.schema_arrow.names)
            named = ", ".join(name for name in features if _has_names(features[name]))
            known = f"; the names of {named} are in the schema" if named else ""
            report.layout = f"Parquet with the columns {columns}{known}"
            for batch in table.iter_batches(batch_size=HEAD):
                for row in _in_microseconds(batch).to_pylist():
                    number += 1
                    yield number, _plain(row, features)
    except (ArrowException, OSError) as error:
        message = Errors.E219.format(path=path, row=number + 1, reason=error)
        raise ValueError(message) from error


def _in_microseconds(batch: Any) -> Any:
    """The batch with times that Python can hold: it knows no nanoseconds."""
    import pyarrow as pa

    coarse = {"timestamp[ns": pa.timestamp, "duration[ns": pa.duration}
    coarse["time64[ns"] = pa.time64
    for n, column in enumerate(batch.schema):
        unit = str(column.type).partition("]")[0].partition(",")[0]
        if unit in coarse:
            cast = batch.column(n).cast(coarse[unit]("us"), safe=False)
            batch = batch.set_column(n, column.name, cast)
    return batch


def _features(metadata: Mapping[bytes, bytes] | None) -> dict[str, Any]:
    try:
        info = json.loads((metadata or {}).get(b"huggingface", b"{}"))["info"]
        return dict(info["features"])
    except (KeyError, TypeError, ValueError):
        return {}


def _plain(row: dict[str, Any], features: dict[str, Any]) -> dict[str, Any]:
    row = {name: _named(value, features.get(name)) for name, value in row.items()}
    return {
        name: _as_list(value) if isinstance(value, dict) else _without_nulls(value)
        for name, value in row.items()
        if value is not None
    }


def _named(value: Any, feature: Any) -> Any:
    """Return the value with the names of its classes. feature: its entry in the
    features, or None."""
    if isinstance(feature, list) and feature:  # an old way to write a list
        feature = {"feature": feature[0]}
    if not isinstance(feature, dict):
        return value
    inner = feature.get("feature", feature)
    names = feature.get("names")
    if isinstance(value, int) and isinstance(names, list):
        known = names[value] if 0 <= value < len(names) else value
        return None if value == NO_CLASS else known
    if isinstance(value, list):
        return [_named(item, inner) for item in value]
    if isinstance(value, dict) and isinstance(inner, dict):
        lists = inner is not feature  # a Sequence of tables, stored as lists
        columns = {n: {"feature": f} if lists else f for n, f in inner.items()}
        return {name: _named(item, columns.get(name)) for name, item in value.items()}
    return value


def _has_names(feature: Any) -> bool:
    if isinstance(feature, list):
        return any(map(_has_names, feature))
    if not isinstance(feature, dict):
        return False
    return isinstance(feature.get("names"), list) or any(
        map(_has_names, feature.values())
    )


def _as_list(value: dict[str, Any]) -> Any:
    """Return a list of tables for a table of lists of one length."""
    columns = list(value.values())
    if not columns or not all(isinstance(column, list) for column in columns):
        return _without_nulls(value)
    if len({len(column) for column in columns}) > 1:
        return value
    rows = zip(*columns, strict=True)
    return [_without_nulls(dict(zip(value, row, strict=True))) for row in rows]


def _without_nulls(value: Any) -> Any:
    """Return the value without the nulls of its tables. Those of lists stay."""
    if isinstance(value, list):
        return [_without_nulls(item) for item in value]
    if isinstance(value, dict):
        items = ((name, _without_nulls(item)) for name, item in value.items())
        return {name: item for name, item in items if item is not None}
    return value
