"""Read the items of a JSON list or of JSON lines, with their line numbers."""

import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from .base import ReadReport
from .lines import read_lines
from .parquet import is_parquet, read_rows

# matches a list of objects or lists, but not a line ["text", ...]
LIST_OF_ITEMS = re.compile(r"\s*\[(?=\s*[\[{\]])")
SPACE = re.compile(r"\s*")
COMMA = re.compile(r"\s*,?")
MOST_DIGITS = 4_000  # Python refuses to read longer numbers
SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")


def read_json_lines(path: Path, report: ReadReport) -> Iterator[tuple[int, Any]]:
    """Yield (number from 1, value) for each line that is not empty. A line that is not
    JSON is reported as a lost text."""
    yield from _lines_of_json(read_lines(path, report), report)


def read_json_items(
    path: Path, report: ReadReport, *, of: str | None = None
) -> Iterator[tuple[int, Any]]:
    """Yield (first line, item) for each item of a JSON list, of JSON lines, or of JSON
    values that span several lines. of: the key of the list inside of a JSON object.
    The rows of a Parquet file are items too, by their numbers.

    A line of JSON lines that is not JSON is reported as a lost text.
    Raises ValueError if there is no such list, or if it is invalid or incomplete.
    """
    if of is None and is_parquet(path):
        yield from read_rows(path, report)
        return
    lines = list(read_lines(path, report))
    text = "\n".join(line for _, line in lines)
    if of is not None:
        key = re.search(rf'"{of}"\s*:\s*\[', text)
        if key is None:
            raise report.unreadable(1, f"it has no list called {of}")
        yield from _walk(text, key.end(), report)
    elif listed := LIST_OF_ITEMS.match(text):
        yield from _walk(text, listed.end(), report, alone=True)
    elif _spans_lines(text):
        yield from _walk(text, 0, report, closed=False)
    else:
        yield from _lines_of_json(lines, report)


def first_item(head: str) -> Any:
    """Return the first item of a file, which may be a list of items. None if it is
    invalid or cut off. head: the beginning of the file."""
    listed = LIST_OF_ITEMS.match(head)
    try:
        value, _ = decode(head, listed.end() if listed else 0)
    except json.JSONDecodeError:
        value = None
    return value


def decode(text: str, start: int = 0) -> tuple[Any, int]:
    """Return the JSON value that begins at `start`, and its end. Raises JSONDecodeError
    if it is invalid, nested too deeply, or contains half a surrogate pair. A number of
    thousands of digits stays a string. NaN, which pandas writes, is None."""
    try:
        value, end = DECODER.raw_decode(text, SPACE.match(text, start).end())
    except RecursionError:
        raise json.JSONDecodeError("nested too deeply", text, start) from None
    if SURROGATE.search(text, start, end):
        try:
            json.dumps(value, ensure_ascii=False).encode("utf8")
        except UnicodeEncodeError:
            why = "half a surrogate pair"
            raise json.JSONDecodeError(why, text, start) from None
    return value, end


def _number(digits: str) -> int | str:
    return int(digits) if len(digits) < MOST_DIGITS else digits


def _constant(name: str) -> float | None:
    return None if name == "NaN" else float(name)


DECODER = json.JSONDecoder(parse_int=_number, parse_constant=_constant)


def _spans_lines(text: str) -> bool:
    """Return whether the first value spans several lines."""
    first = text.lstrip().partition("\n")[0].rstrip()
    return first.startswith("{") and first.endswith(("{", "[", ","))


def _walk(
    text: str,
    at: int,
    report: ReadReport,
    *,
    closed: bool = True,
    alone: bool = False,
) -> Iterator[tuple[int, Any]]:
    """Yield values from `at` on. They end at the ] of their list if it is `closed`, or
    else at the end of the text. If the list is `alone`, only more lists may follow."""
    line, counted = 1, 0
    while True:
        at = SPACE.match(text, at).end()
        line += text.count("\n", counted, at)
        counted = at
        if at == len(text) and not closed:
            return
        if closed and text.startswith("]", at):
            rest = text[at + 1 :].lstrip()
            if not alone or not rest:
                return
            if not rest.startswith("["):
                line += text.count("\n", at, len(text) - len(rest))
                raise report.unreadable(line, f"{rest[:20]!r} follows the list")
            at = len(text) - len(rest) + 1
            continue
        try:
            value, at = decode(text, at)
        except json.JSONDecodeError as error:
            raise report.unreadable(error.lineno, error.msg) from error
        yield line, value
        at = COMMA.match(text, at).end()


def _lines_of_json(
    lines: Iterable[tuple[int, str]], report: ReadReport
) -> Iterator[tuple[int, Any]]:
    for number, line in lines:
        if not line.strip():
            continue
        try:
            value, end = decode(line)
            if line[end:].strip():
                raise json.JSONDecodeError("more than one value", line, end)
        except json.JSONDecodeError as error:
            report.lose(number, "line is not JSON", f"{error.msg}: {line[:60]!r}")
        else:
            yield number, value
