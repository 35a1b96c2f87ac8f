"""Read the lines of a text file."""

import re
from collections.abc import Iterator
from itertools import filterfalse
from pathlib import Path

from ..errors import Errors
from .base import ReadReport
from .parquet import MAGIC

BOM = "\ufeff"
# how files of gzip, bzip2, xz, zstd and zip begin
COMPRESSED = re.compile(
    rb"\x1f\x8b|BZh[1-9]1AY&SY|\xfd7zXZ|\x28\xb5\x2f\xfd|PK\x03\x04"
)
HIGH_BYTES = re.compile(rb"[\x80-\xff]+")
GB_BYTES = re.compile(rb"[\xa1-\xfe]+")


def read_lines(path: Path, report: ReadReport) -> Iterator[tuple[int, str]]:
    """Yield (number from 1, line without its end).

    Lines end with a newline, a carriage return or both. Other separators do not end
    them, unlike in `str.splitlines`, because corpora have tokens such as U+2028. A line
    that is not UTF-8 is read as Windows-1252 and reported. So is the first carriage
    return without a newline.

    Raises ValueError for Parquet (E221), a compressed file (E230), a NUL byte, or if
    the file seems to have an encoding of another script (E209).
    """
    number, reported = 0, False
    for line in _decoded(path, report):
        if number == 0:
            line = line.removeprefix(BOM)
        pieces = line.rstrip("\r\n").split("\r")
        for piece in pieces:
            number += 1
            yield number, piece
        if len(pieces) > 1 and not reported:
            kind = "carriage return without a newline, read as the end of a line"
            report.repair(number + 1 - len(pieces), kind)
            reported = True


def read_text(path: Path, report: ReadReport, *, keep_mark: bool = False) -> str:
    """Return the whole file with its line ends, which offsets may count. Encodings and
    errors are those of `read_lines`.

    keep_mark: return a byte order mark at its start as well.
    """
    text = "".join(_decoded(path, report))
    return text if keep_mark else text.removeprefix(BOM)


def _decoded(path: Path, report: ReadReport) -> Iterator[str]:
    """Yield what ends with a newline, with it."""
    with Path(path).open("rb") as file:
        for number, raw in enumerate(file, 1):
            if number == 1 and raw.startswith(MAGIC):
                raise ValueError(Errors.E221.format(path=path, format=report.format))
            if number == 1 and COMPRESSED.match(raw):
                raise ValueError(Errors.E230.format(path=path))
            if b"\0" in raw:
                raise ValueError(Errors.E233.format(path=path, line=number))
            try:
                line = raw.decode("utf8")
            except UnicodeDecodeError as error:
                if seems_of_another_script(raw + file.peek()):
                    place = {"path": path, "line": number}
                    raise ValueError(Errors.E209.format(**place)) from None
                line = _windows(raw)
                detail = f"byte {raw[error.start : error.start + 1]!r}"
                report.repair(number, "not UTF-8, read as Windows-1252", detail)
            yield line


def seems_of_another_script(data: bytes) -> bool:
    """Return whether bytes that are not UTF-8 look like an encoding for Cyrillic,
    Korean or another script without Latin letters.

    In Latin-1, most high bytes are single. In GB18030, GBK and GB2312, they are pairs.
    In encodings of other scripts, whole words consist of them.
    """
    lines = b"\n".join(filterfalse(_is_utf8, data.split(b"\n")))
    # the data, or a file, may end in the middle of a character
    runs = [*filterfalse(_is_utf8, HIGH_BYTES.findall(lines))]
    pairs = sum(len(run) % 2 == 0 for run in runs if GB_BYTES.fullmatch(run))
    words = sum(map(len, runs)) >= 3 * len(runs)
    return len(runs) >= 3 and (words or pairs >= 0.9 * len(runs))


def _windows(raw: bytes) -> str:
    """Return what Windows wrote in Western languages: Latin-1, and quotes and dashes in
    place of its control characters. Five bytes mean nothing there."""
    try:
        return raw.decode("cp1252")
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode("utf8")
    except UnicodeDecodeError:
        return False
    return True
