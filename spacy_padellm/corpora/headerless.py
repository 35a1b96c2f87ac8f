"""Tell the columns of a table without a header: token and tag, or text and offsets.

    Ada,B-PER          Ada left Rome,0,3,PER
    left,O             Ada left Rome,9,13,LOC

Where more than one reading is possible, the table is refused.
"""

import csv
from collections import Counter
from collections.abc import Sequence
from itertools import permutations
from pathlib import Path
from typing import NamedTuple, TypeAlias

from ..errors import Errors
from .columns import SAMPLE
from .mentions import whole_number
from .tags import BARE_TAG, are_bare_tags, tag_pattern

SEPARATORS = ",;\t"
MOSTLY = 0.99  # of the rows
MOST_LABEL = 80  # characters
Row: TypeAlias = Sequence[str]


class Table(NamedTuple):
    """separator: between cells. columns: name → number, from 0."""

    separator: str
    columns: dict[str, int]

    def described(self) -> str:
        separator = {"\t": "a tab"}.get(self.separator, self.separator)
        order = sorted(self.columns, key=self.columns.get)
        return f"no header, separator {separator}, columns {', '.join(order)}"


def headerless(path: Path, lines: Sequence[str]) -> Table | None:
    """Return the table that the lines are. None if they are no table of annotations.

    path: for messages. Raises ValueError (E220) if the columns cannot be told.
    """
    for separator in SEPARATORS:
        sample = (f"{line}\n" for line in lines[:SAMPLE])
        try:
            read = list(csv.reader(sample, delimiter=separator))
        except csv.Error:  # a cell that is too long
            continue
        rows = [row for row in read if any(cell.strip() for cell in row)]
        width = Counter(map(len, rows)).most_common(1)[0][0] if rows else 0
        fitting = [[c.strip() for c in row] for row in rows if len(row) == width]
        if width < 2 or len(fitting) < MOSTLY * len(rows):
            continue
        columns = _spans(path, fitting) or _tokens(path, fitting)
        if columns:
            return Table(separator, columns)
    return None


def _tokens(path: Path, rows: list[Row]) -> dict[str, int]:
    width = len(rows[0])
    columns = list(zip(*rows, strict=True))
    tags = [i for i, column in enumerate(columns) if tag_pattern(column)]
    bare = [i for i, column in enumerate(columns) if are_bare_tags(column)]
    found = tags or bare
    if not found:
        return {}
    if len(found) > 1:
        raise _ambiguous(path, f"{len(found)} of its columns look like tags")
    if width > 2:
        why = f"any of {width - 1} columns may be the tokens"
        raise _ambiguous(path, why)
    tag = found[0]
    values = [row[tag] for row in rows]
    if not tags and values[0] != "O" and values.count(values[0]) == 1:
        raise _ambiguous(
            path, f"{values[0]!r} in its first line may be a tag or a name"
        )
    return {"token": 1 - tag, "tag": tag}


def _spans(path: Path, rows: list[Row]) -> dict[str, int]:
    """Return the columns of text, start, end, label and perhaps mention. The text is
    the column that has all of the offsets, and the mention is what stands there."""
    width = len(rows[0])
    if width not in (4, 5):
        return {}
    body = rows[1:] if len(rows) > 1 else rows
    numbers = [i for i in range(width) if _are_numbers([row[i] for row in body])]
    if len(numbers) != 2:
        return {}
    if not _are_numbers([rows[0][i] for i in numbers]):
        raise _ambiguous(path, "its first line is no row, as it has no offsets")
    others = [i for i in range(width) if i not in numbers]
    names = ("text", "label", "mention")[: len(others)]
    found = [
        columns
        for start, end in permutations(numbers)
        for order in permutations(others)
        if _reads(
            rows, columns := dict(zip(names, order, strict=True), start=start, end=end)
        )
    ]
    if len(found) > 1:  # a label is one word rather than a sentence
        found = [c for c in found if _are_words([row[c["label"]] for row in rows])]
        if len(found) != 1:
            raise _ambiguous(path, "its columns can be read in more than one way")
    return found[0] if found else {}


def _are_words(cells: list[str]) -> bool:
    return all(not cell or BARE_TAG.fullmatch(cell) for cell in cells)


def _are_numbers(cells: list[str]) -> bool:
    """Whether all cells are numbers, or empty. Some are numbers."""
    return any(cells) and all(not c or whole_number(c) is not None for c in cells)


def _reads(rows: list[Row], columns: dict[str, int]) -> bool:
    """Whether nearly all rows with offsets have a span and a label, and some do."""
    hits = total = 0
    for row in rows:
        cells = {name: row[i] for name, i in columns.items()}
        start, end = whole_number(cells["start"]), whole_number(cells["end"])
        if start is None and end is None:
            continue
        total += 1
        if start is None or end is None or not start < end <= len(cells["text"]):
            continue
        there = cells["text"][start:end]
        is_label = (
            0 < len(cells["label"]) <= MOST_LABEL and not cells["label"].isspace()
        )
        hits += is_label and cells.get("mention", there) == there
    return 0 < total and hits >= MOSTLY * total


def _ambiguous(path: Path, why: str) -> ValueError:
    return ValueError(Errors.E220.format(path=path, why=why))
