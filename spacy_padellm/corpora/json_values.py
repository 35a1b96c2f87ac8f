"""JSON files: the items of one list, or a value a line, each with its line."""

import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from ..errors import Errors
from .base import ReadReport
from .lines import read_lines

# a list of objects or lists, not a line ["text", ...]
LIST_OF_ITEMS = re.compile(r"\s*\[(?=\s*[\[{\]])")
SPACE = re.compile(r"\s*")
COMMA = re.compile(r"\s*,?")
SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")


def read_json_lines(path: Path, report: ReadReport) -> Iterator[tuple[int, Any]]:
    """(number from 1, value) of each line that is not empty. A line that is not JSON
    is reported as a lost text."""
    yield from _lines_of_json(read_lines(path, report), report)


def read_json_items(
    path: Path, report: ReadReport, *, of: str | None = None
) -> Iterator[tuple[int, Any]]:
    """(line that it begins in, item) of a file that is one JSON list, or JSON lines,
    or JSON values over several lines each.

    of: the list is the value of this key, somewhere in the file's JSON.
    A line of JSON lines that is not JSON is reported as a lost text.
    ValueError: no such list, or it is broken, or does not end.
    """
    lines = list(read_lines(path, report))
    text = "\n".join(line for _, line in lines)
    if of is not None:
        key = re.search(rf'"{of}"\s*:\s*\[', text)
        if key is None:
            raise _error(report, 1, f"it has no list {of}")
        yield from _walk(text, key.end(), report)
    elif listed := LIST_OF_ITEMS.match(text):
        yield from _walk(text, listed.end(), report)
    elif _spans_lines(text):
        yield from _walk(text, 0, report, closed=False)
    else:
        yield from _lines_of_json(lines, report)


def first_item(head: str) -> tuple[Any, bool]:
    """The first value of a file by its beginning, or the first item if that is a list
    of items, and whether it is. None: broken, or cut off."""
    listed = LIST_OF_ITEMS.match(head)
    try:
        value, _ = decode(head, listed.end() if listed else 0)
    except json.JSONDecodeError:
        value = None
    return value, listed is not None


def decode(text: str, start: int = 0) -> tuple[Any, int]:
    """The JSON value that begins at `start`, and where it ends. JSONDecodeError: there
    is none, it nests too deep, or it holds half a surrogate pair, which is no text."""
    try:
        value, end = json.JSONDecoder().raw_decode(text, SPACE.match(text, start).end())
    except RecursionError:
        raise json.JSONDecodeError("nested too deep", text, start) from None
    if SURROGATE.search(text, start, end):
        try:
            json.dumps(value, ensure_ascii=False).encode("utf8")
        except UnicodeEncodeError:
            why = "half a surrogate pair"
            raise json.JSONDecodeError(why, text, start) from None
    return value, end


def _spans_lines(text: str) -> bool:
    """Whether the first value goes on after the first line."""
    first = text.lstrip().partition("\n")[0].rstrip()
    return first.startswith("{") and first.endswith(("{", "[", ","))


def _walk(
    text: str, at: int, report: ReadReport, *, closed: bool = True
) -> Iterator[tuple[int, Any]]:
    """Values from `at` on, up to the ] that closes their list, or to the end."""
    line, counted = 1, 0
    while True:
        at = SPACE.match(text, at).end()
        line += text.count("\n", counted, at)
        counted = at
        if at == len(text) and not closed or closed and text.startswith("]", at):
            return
        try:
            value, at = decode(text, at)
        except json.JSONDecodeError as error:
            raise _error(report, error.lineno, error.msg) from error
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


def _error(report: ReadReport, line: int, why: str) -> ValueError:
    place = {"path": report.path, "line": line, "format": report.format}
    return ValueError(Errors.E204.format(**place, why=why))
