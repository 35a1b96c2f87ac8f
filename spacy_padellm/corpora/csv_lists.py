"""Lists in the cells of a CSV, as pandas writes those of Hugging Face data sets:

    tokens,ner_tags
    "['Ada', 'left']","['B-PER', 'O']"

They may be lists or tuples of Python, lists of JSON, or names without quotes. Tokens
and tags may also be separated by spaces.
"""

import ast
import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from ..errors import Errors
from .base import AnnotatedText, ReadReport
from .json_values import decode
from .missing import are_words, is_missing, is_untagged
from .tags import ANY_CASE
from .token_tags import TaggedRow, read_rows_of_tags, tag_values

QUOTED = r"""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*\""""
ITEM = re.compile(rf"{QUOTED}|[^\s,'\"\[\]]+", re.DOTALL)
# without nested lists, so that the time to match is linear
LIST = re.compile(
    rf"\[\s*(?:(?:{ITEM.pattern})\s*(?:,\s*(?:{ITEM.pattern})\s*)*(?:,\s*)?)?\]",
    re.DOTALL,
)
BEGINNINGS = ("[", "(", "array(")


def are_lists(rows: Iterable[dict[str, str]]) -> bool:
    """Return whether the tags of a file are lists: at least half look like lists of
    Python, or any row has several tokens and tags, separated by spaces.

    rows: the cells "token" and "tag" of each.
    """
    rows = [row for row in rows if not is_missing(row.get("tag", ""))]
    lists = [row for row in rows if row["tag"].strip().startswith(BEGINNINGS)]
    half = bool(lists) and 2 * len(lists) >= len(rows)
    return half or any(map(_is_spaced, rows))


def _is_spaced(row: dict[str, str]) -> bool:
    words, tags = row.get("token", "").split(), row["tag"].split()
    # one word with B-work e-mail has a single tag, whose label has two words
    several = len(words) > 1 and len(tags) > 1
    return several and all(is_untagged(tag) or ANY_CASE.fullmatch(tag) for tag in tags)


def read_lists(
    path: Path,
    rows: Iterable[tuple[int, dict[str, str]]],
    report: ReadReport,
    joiner: str | None,
) -> Iterator[AnnotatedText]:
    """Yield one text per row. Rows without a tag for each token are skipped and
    reported.

    rows: lines, and the cells "token" and "tag" of each. They are empty for a line
        without cells.
    Raises ValueError (E222) if no row has lists with commas, and those of
    `read_token_tags`.
    """
    found, broken = [], None
    for line, values in rows:
        if not values:
            continue
        cells = [values.get(name, "") for name in ("token", "tag")]
        is_list = cells[1].strip().startswith(BEGINNINGS)
        words, raws = map(as_list if is_list else str.split, cells)
        tags = tag_values(raws)
        if is_missing(cells[1]):
            report.lose(line, "sentence without tags", cells[0][:60])
        elif words is None or raws is None:
            cell = cells[0] if words is None else cells[1]
            broken = broken or (line, cell[:60])
            report.lose(line, "cell is not a list with commas", cell[:60])
        elif not tags or len(words) != len(tags) or not are_words(words):
            report.lose(line, "no tokens with a tag for each", str(cells)[:60])
        else:
            found.append(TaggedRow(line, values.get("unit", ""), words, tags))
    if broken and not found:
        line, cell = broken
        raise ValueError(Errors.E222.format(path=path, line=line, cell=cell))
    yield from read_rows_of_tags(path, found, report, joiner)


def as_list(cell: str) -> list[Any] | None:
    """Return the items of a cell with a list or a tuple, or else its words. Missing
    items without quotes are None.

    The result is None if the cell is broken, or has no commas between its items, as
    numpy prints arrays: Python would join strings without commas.
    """
    cell = cell.strip()
    if not cell.startswith(BEGINNINGS):
        return cell.split() or None
    if cell[0] == "(" and cell[-1] == ")" and "," in cell:  # (a) is no tuple
        cell = f"[{cell[1:-1]}]"
    try:
        value, end = decode(cell)
        if isinstance(value, list) and end == len(cell):
            return value
    except json.JSONDecodeError:
        pass
    if LIST.fullmatch(cell) is None:
        return None
    try:
        return [_item(item) for item in ITEM.findall(cell)]
    except (SyntaxError, ValueError):  # an escape that Python does not know
        return None


def _item(item: str) -> str | None:
    if item[0] not in "'\"":
        return None if is_missing(item) else item
    return ast.literal_eval(item) if "\\" in item else item[1:-1]
