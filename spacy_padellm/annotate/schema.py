"""The columns of Parquet files, which must be the same in each shard."""

import base64
from collections.abc import Iterator
from itertools import islice
from typing import Any

from ..corpora.parquet import parquet_module
from ..errors import Errors
from .inputs import InputFile
from .rows import Row

ENTITIES = "entities"  # the field that is added to the input's own
CHUNK = 1000  # documents whose types are looked at together


class Schema:
    """Learns the types of all fields while the input is read.

    Raises ImportError (E420) if pyarrow is not there.
    """

    def __init__(self) -> None:
        parquet_module()
        self._found: Any = None

    def watch(self, rows: Iterator[Row], file: InputFile) -> Iterator[Row]:
        """Yield the same rows. Raises ValueError (E422) if a field has several types
        that no type comprises."""
        import pyarrow

        if file.kind == "parquet":
            with file.open() as stream:
                self._add(parquet_module().read_schema(stream), file)
            yield from rows
            return
        while chunk := list(islice(rows, CHUNK)):
            fields = [row.fields for row in chunk if not row.problem]
            names = list(dict.fromkeys(name for one in fields for name in one))
            for name in names:
                values = [one.get(name) for one in fields]
                try:
                    kind = pyarrow.array(values).type
                except pyarrow.ArrowException as error:
                    raise ValueError(_mixed(file, f"{name}: {error}")) from error
                self._add(pyarrow.schema([(name, kind)]), file)
            yield from chunk

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
        """Return the schema of the output in base64."""
        import pyarrow

        fields = list(self._found or ())
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


def schema_from(text: str) -> Any:
    """Return the pyarrow.Schema of `Schema.to_text`."""
    import pyarrow

    return pyarrow.ipc.read_schema(pyarrow.py_buffer(base64.b64decode(text)))


def _mixed(file: InputFile, reason: str) -> str:
    return Errors.E422.format(path=file.path, reason=reason)
