"""The columns of Parquet files, which must be the same in each shard."""

import base64
import io
from collections.abc import Iterator
from itertools import islice
from typing import Any

from ..corpora.parquet import parquet_module
from ..errors import Errors
from .inputs import InputFile
from .rows import Row
from .values import FieldPath, large_integers, unwritable

ENTITIES = "entities"  # the field that is added to the input's own
CHUNK = 1000  # documents whose types are looked at together


class Schema:
    """Learns the types of all fields while the input is read.

    Raises ImportError (E420) if pyarrow is not there.
    """

    def __init__(self) -> None:
        parquet_module()
        self._found: Any = None
        # an integer of each field, and its place
        self._large: dict[FieldPath, str] = {}

    def watch(self, rows: Iterator[Row], file: InputFile) -> Iterator[Row]:
        """Yield the same rows. Raises ValueError (E422) if a field has several types
        that no type comprises."""
        import pyarrow

        typed = file.kind == "parquet"
        if typed:
            with file.open() as stream:
                self._add(parquet_module().read_schema(stream), file)
        while chunk := list(islice(rows, CHUNK)):
            good = [
                row
                for row in chunk
                if not row.problem and (typed or not unwritable(row.fields, "parquet"))
            ]
            self._note_large(good, file)
            fields = [] if typed else [row.fields for row in good]
            names = list(dict.fromkeys(name for one in fields for name in one))
            for name in names:
                values = [one.get(name) for one in fields]
                try:
                    kind = pyarrow.array(values).type
                except (pyarrow.ArrowException, OverflowError) as error:
                    raise ValueError(_mixed(file, f"{name}: {error}")) from error
                self._add(pyarrow.schema([(name, kind)]), file)
            yield from chunk

    def _note_large(self, rows: list[Row], file: InputFile) -> None:
        for row in rows:
            for path, value in large_integers(row.fields):
                shown = f"{value} (document {row.number} of {file.path})"
                self._large.setdefault(path, shown)

    def _add(self, new: Any, file: InputFile) -> None:
        import pyarrow

        new = new.remove_metadata()
        if self._found is None:
            self._found = new
            return
        try:
            self._found = pyarrow.unify_schemas(
                [self._found, new], promote_options="permissive"
            )
        except pyarrow.ArrowException as error:
            raise ValueError(_mixed(file, str(error))) from error

    def to_text(self) -> str:
        """Return the schema of the output in base64.

        Raises ValueError if a field has large integers and fractions (E433), or if
        Parquet has no such type (E434).
        """
        import pyarrow

        fields = list(self._found or ())
        for path, shown in self._large.items():
            if _is_float(pyarrow.struct(fields), path):
                name = ".".join(path)
                raise ValueError(Errors.E433.format(field=name, value=shown))
        try:
            empty = pyarrow.schema(fields).empty_table()
            parquet_module().write_table(empty, io.BytesIO())
        except pyarrow.ArrowException as error:
            raise ValueError(Errors.E434.format(reason=error)) from error
        fields.append(pyarrow.field(ENTITIES, entities_type()))
        data = pyarrow.schema(fields).serialize().to_pybytes()
        return base64.b64encode(data).decode("ascii")


def entities_type() -> Any:
    """Return the pyarrow.DataType of the column of entities."""
    import pyarrow

    entity = [
        ("start", pyarrow.int64()),
        ("end", pyarrow.int64()),
        ("label", pyarrow.string()),
        ("score", pyarrow.float64()),
    ]
    return pyarrow.list_(pyarrow.struct(entity))


def _is_float(kind: Any, path: FieldPath) -> bool:
    """Whether the field in a pyarrow.DataType has floats."""
    from pyarrow import types

    while types.is_list(kind) or types.is_large_list(kind):
        kind = kind.value_type
    if path and types.is_struct(kind):
        return _is_float(kind.field(path[0]).type, path[1:])
    return types.is_floating(kind)


def schema_from(text: str) -> Any:
    """Return the pyarrow.Schema of `Schema.to_text`."""
    import pyarrow

    return pyarrow.ipc.read_schema(pyarrow.py_buffer(base64.b64decode(text)))


def _mixed(file: InputFile, reason: str) -> str:
    return Errors.E422.format(path=file.path, reason=reason)
