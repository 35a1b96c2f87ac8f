"""The file of `--errors`, for documents that failed."""

import os
import re
from pathlib import Path, PurePath

from fsspec.core import url_to_fs
from fsspec.implementations.local import LocalFileSystem
from fsspec.utils import glob_translate

from ..errors import Errors
from ..writing import replace_files
from .folder import Folder


def check_errors(errors: str, source: str, out: str) -> None:
    """Refuse a file of the input or in the output, and one that cannot be written, at
    the start of a run: it is written at the end.

    source, out: see `Request`; local paths are absolute.

    Raises ValueError (E436).
    """
    reason = _reason(errors, source, out)
    if reason:
        raise ValueError(Errors.E436.format(path=errors, reason=reason))


def write_errors(errors: str, data: bytes) -> None:
    """Write the file. A link stays a link, and /dev/null what it is. Raises ValueError
    (E333) if it cannot be written."""
    place = _local(errors)
    if place is not None:
        replace_files({place: data})
        return
    parent, _, name = errors.rpartition("/")
    Folder(parent).write(name, data)


def _reason(errors: str, source: str, out: str) -> str | None:
    place = _local(errors)
    if place is None:
        return None
    out_place = _local(out)
    if out_place is not None and place.is_relative_to(out_place):
        return "it is in the output folder"
    fs, root = url_to_fs(source)
    if isinstance(fs, LocalFileSystem):
        real = Path(os.path.realpath(root))
        if fs.isdir(root):
            is_input = place.is_relative_to(real)
        else:
            is_input = any(matches(place, pattern) for pattern in (Path(root), real))
        if is_input:
            return "it is part of the input"
    if place.is_dir():
        return "it is a folder"
    parent = next(folder for folder in place.parents if folder.exists())
    if not parent.is_dir() or not os.access(parent, os.W_OK):
        return f"{parent} cannot be written to"
    return None


def matches(place: PurePath, pattern: PurePath) -> bool:
    """Whether a pattern of fsspec, which has "/" on Windows too, finds a file."""
    return re.match(glob_translate(pattern.as_posix()), place.as_posix()) is not None


def _local(path: str) -> Path | None:
    """The file behind a local path; None for a URL of fsspec."""
    fs, root = url_to_fs(path)
    return Path(os.path.realpath(root)) if isinstance(fs, LocalFileSystem) else None
