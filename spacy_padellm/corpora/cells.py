"""The cells of CSV and TSV files."""

import csv
import io
import sys
from collections import deque
from collections.abc import Iterable, Iterator
from typing import BinaryIO

MAX_QUOTED = 10_000_000  # characters of a row of TSV with quotes


def read_cells(stream: BinaryIO, *, tabs: bool) -> Iterator[list[str]]:
    """Yield the cells of each row that is not blank. Bytes that are not UTF-8 become
    lone surrogates, as in Python's names of files.

    Raises ValueError, with the line, for CSV that is no valid quoting: an open quote
    would swallow all rows after it.
    """
    csv.field_size_limit(min(sys.maxsize, 2**31 - 1))
    lines = io.TextIOWrapper(stream, "utf-8-sig", "surrogateescape", newline="")
    rows = (cells for _, cells in tsv_rows(lines)) if tabs else _csv(lines)
    return (cells for cells in rows if cells)


def _csv(lines: Iterable[str]) -> Iterator[list[str]]:
    rows = csv.reader(lines, strict=True)
    try:
        yield from rows
    except csv.Error as error:
        raise ValueError(f"line {rows.line_num}: {error}") from error


def tsv_rows(lines: Iterable[str]) -> Iterator[tuple[int, list[str]]]:
    """Yield the first line of each row, from 1, and its cells; none if it is blank.

    Quotes are read as in CSV where a row is valid with them. Many TSV files quote
    nothing: in any other row, a quote is a character like others.
    """
    width, number = 0, 1  # cells of the header; the first line of the row
    rest = iter(lines)
    ahead: deque[str] = deque()  # lines to read before the rest
    while True:
        used: list[str] = []
        try:
            cells = next(
                csv.reader(_taken(ahead, rest, used), "excel-tab", strict=True)
            )
        except StopIteration:
            return
        except csv.Error:
            cells = []
        plain = [line.rstrip("\r\n").split("\t") for line in used]
        are_rows = width > 1 and len(plain[0]) == len(plain[-1]) == width
        are_rows = are_rows and all(len(row) == width or row == [""] for row in plain)
        if plain[0] == [""]:
            cells = []
        elif not cells or (len(used) > 1 and are_rows):
            cells = plain[0]
            ahead.extendleft(reversed(used[1:]))
            used = used[:1]
        width = width or len(cells)
        yield number, cells
        number += len(used)


def _taken(ahead: deque[str], rest: Iterator[str], used: list[str]) -> Iterator[str]:
    """Yield lines, and add them to `used`, up to MAX_QUOTED characters."""
    size = 0
    while size <= MAX_QUOTED:
        line = ahead.popleft() if ahead else next(rest, None)
        if line is None:
            return
        size += len(line)
        used.append(line)
        yield line


def repaired(cell: str) -> str:
    """Return a cell with the replacement character for bytes that are not UTF-8."""
    try:
        cell.encode()
    except UnicodeEncodeError:
        return cell.encode("utf8", "surrogateescape").decode("utf8", "replace")
    return cell
