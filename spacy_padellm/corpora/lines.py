"""Lines of a text file, numbered, whatever its encoding turns out to be."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..errors import Errors
from .base import ReadReport

BOM = "\ufeff"


def read_lines(path: Path, report: ReadReport) -> Iterator[tuple[int, str]]:
    """(number from 1, line without its end), split at newlines alone: corpora hold
    tokens such as U+2028, at which `str.splitlines` would cut.

    A line that is not UTF-8 is read as Latin-1 and reported as repaired.
    ValueError: a NUL byte, so not text in an 8-bit encoding.
    """
    with Path(path).open("rb") as file:
        for number, raw in enumerate(file, 1):
            if b"\0" in raw:
                raise ValueError(Errors.E203.format(path=path, line=number))
            try:
                line = raw.decode("utf8")
            except UnicodeDecodeError as error:
                line = raw.decode("latin-1")
                detail = f"byte {raw[error.start : error.start + 1]!r}"
                report.repair(number, "not UTF-8, read as Latin-1", detail)
            if number == 1:
                line = line.removeprefix(BOM)
            yield number, line.rstrip("\r\n")


def read_json_lines(path: Path, report: ReadReport) -> Iterator[tuple[int, Any]]:
    """(number from 1, value) of each line that is not empty. A line that is not JSON
    is reported as a lost text."""
    for number, line in read_lines(path, report):
        if not line.strip():
            continue
        try:
            yield number, json.loads(line)
        except json.JSONDecodeError as error:
            report.lose(number, "line is not JSON", f"{error.msg}: {line[:60]!r}")


def read_json(path: Path, report: ReadReport) -> Any:
    """The one JSON value of a file. ValueError: not JSON."""
    raw = "\n".join(line for _, line in read_lines(path, report))
    try:
        return json.loads(raw)
    except json.JSONDecodeError as error:
        raise ValueError(
            Errors.E204.format(
                path=path, line=error.lineno, format=report.format, why=error.msg
            )
        ) from error
