"""Values that JSON has and an output format does not: such a document has failed."""

from collections.abc import Iterator
from typing import Any

from .rows import is_deeper

MOST_INT = {"spacy": 2**64 - 1, "parquet": 2**63 - 1}
LEAST_INT = -(2**63)
DEEPEST_PARQUET = 40  # its readers stop at 100 levels, and a list has two
EXACT = 2**53  # larger integers are not exact as floats

Path = tuple[str, ...]  # the names of a field and of those inside of it


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


def large_integers(value: Any, path: Path = ()) -> Iterator[tuple[Path, int]]:
    """Yield the integers that a float may not hold exactly, with their fields."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from large_integers(inner, (*path, name))
    elif isinstance(value, list):
        for inner in value:
            yield from large_integers(inner, path)
    elif isinstance(value, int) and abs(value) > EXACT:
        yield path, value


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
