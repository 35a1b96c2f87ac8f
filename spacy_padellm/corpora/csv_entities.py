"""CSV with a row for each text and a list of its entities in a cell, as pandas writes
it, and as Label Studio exports it:

    text,entities
    Ada left Rome,"[(0, 3, 'PER'), (9, 13, 'LOC')]"
    Ada left Rome,"[{""start"": 0, ""end"": 3, ""label"": ""PER""}]"

The list is one of JSON or of Python, of what `json_entities` reads. Offsets are
characters, end exclusive.
"""

import ast
import json
from collections.abc import Iterable, Iterator
from typing import Any

from .base import FURTHER, AnnotatedText, ReadReport
from .json_entities import claims_of
from .mentions import place
from .missing import is_missing

# Python's parser takes much memory for much text
MOST_PYTHON = 100_000  # characters
TOO_LONG = "no list of JSON, and too long for one of Python"


def read_entities(
    rows: Iterable[tuple[int, dict[str, str]]], report: ReadReport
) -> Iterator[AnnotatedText]:
    """Yield one text per row. Rows without a list are skipped and reported, and so are
    further annotations of a text with the same id.

    rows: lines, and the cells "text" and "entities" of each. They are empty for a line
        without cells.
    """
    seen = set()
    for line, values in rows:
        if not values:
            continue
        text, cell = values.get("text", ""), values.get("entities", "")
        unit = values.get("unit", "").strip()
        document = "" if unit == text.strip() else unit
        raws = entity_list(cell)
        if is_missing(cell.strip()):
            report.lose(line, "text without a list of entities", text[:60])
        elif raws is None:
            kind = TOO_LONG if len(cell) > MOST_PYTHON else "not a list of entities"
            report.lose(line, f"cell is {kind}", cell[:60])
        elif document and (document, text) in seen:
            report.leave_out(line, FURTHER, text[:60])
        else:
            seen.add((document, text))
            claims = [claim for raw in raws for claim in claims_of(raw, text)]
            placed = place(report, line, text, claims)
            yield report.count(
                AnnotatedText(text, document=document, line=line, **placed)
            )


def entity_list(cell: str) -> list[Any] | None:
    """Return the list that a cell has in JSON or Python. None if it has none."""
    try:
        value = json.loads(cell)
    except (ValueError, RecursionError):
        value = _python(cell)
    if not isinstance(value, list | tuple):
        return None
    return [list(raw) if isinstance(raw, tuple) else raw for raw in value]


def _python(cell: str) -> Any:
    if len(cell) > MOST_PYTHON:
        return None
    try:
        return ast.literal_eval(cell.strip())
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return None
