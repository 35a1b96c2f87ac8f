"""Values that an output format does not have. A document with such a field has failed;
what a pipeline put into a doc is left out."""

from collections.abc import Iterator
from typing import Any

import srsly
from spacy.tokens import Doc

from .rows import is_deeper

MOST_INT = {"spacy": 2**64 - 1, "parquet": 2**63 - 1}
LEAST_INT = -(2**63)
DEEPEST_PARQUET = 40  # its readers stop at 100 levels, and a list has two
EXACT = 2**53  # larger integers are not exact as floats

FieldPath = tuple[str, ...]  # the names of a field and of those inside of it


def unwritable(fields: dict[str, Any], format: str) -> str:
    """Return why a format cannot hold the fields of a line of JSON, or ""."""
    if format not in MOST_INT:
        return ""
    if format == "parquet" and is_deeper(fields, DEEPEST_PARQUET):
        return f"it is nested more than {DEEPEST_PARQUET} deep"
    for name, value in fields.items():
        if why := _flaw(name, MOST_INT[format]) or _flaw(value, MOST_INT[format]):
            return f"its field {name!a} has {why}"
    return ""


def large_integers(value: Any, path: FieldPath = ()) -> Iterator[tuple[FieldPath, int]]:
    """Yield the integers that a float may not hold exactly, with their fields."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from large_integers(inner, (*path, name))
    elif isinstance(value, list):
        for inner in value:
            yield from large_integers(inner, path)
    elif isinstance(value, int) and abs(value) > EXACT:
        yield path, value


def drop_unsaved(doc: Doc) -> set[str]:
    """Remove what a .spacy file cannot hold from `doc.user_data`, `doc.cats` and the
    groups' attrs. Returns the names of what was removed."""
    data = {"doc.user_data": doc.user_data, "doc.cats": doc.cats}
    for key, group in doc.spans.items():
        data[f"doc.spans[{key!r}].attrs"] = group.attrs
    return {
        _named(where, key) for where, values in data.items() for key in _drop(values)
    }


def _drop(values: dict[Any, Any]) -> list[Any]:
    """Remove the entries that msgpack cannot hold. Returns their keys."""
    if _is_saved(values):
        return []
    keys = [key for key, value in values.items() if not _is_saved({key: value})]
    for key in keys:
        del values[key]
    return keys


def _is_saved(values: dict[Any, Any]) -> bool:
    try:  # an array of objects can be written, but not read
        srsly.msgpack_loads(srsly.msgpack_dumps(values), use_list=False)
    except Exception:  # of msgpack or numpy, or of a value's own methods
        return False
    return True


def _named(where: str, key: Any) -> str:
    if isinstance(key, tuple) and key[:1] == ("._.",):  # of an extension attribute
        return f"_.{key[1]}"
    shown = repr(key) if isinstance(key, str) else type(key).__name__
    return f"{where}[{shown}]"


def _flaw(value: Any, most: int) -> str:
    if isinstance(value, str):
        return "" if _is_utf8(value) else "half a character (a lone surrogate)"
    if isinstance(value, int):
        is_small = LEAST_INT <= value <= most
        return "" if is_small else f"an integer of {value.bit_length()} bits"
    if isinstance(value, dict):
        parts = [*value, *value.values()]
    else:
        parts = value if isinstance(value, list) else []
    return next(filter(None, (_flaw(part, most) for part in parts)), "")


def _is_utf8(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
