"""Write files as wholes: an interruption or a full disk leaves what was there."""

import contextlib
import os
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

from .errors import Errors


def replace_files(contents: Mapping[Path, bytes | memoryview | str]) -> None:
    """Write files, and create their folders.

    All of them are written beside their places first, so a full disk changes none.
    Then each is renamed, in the order given. An interruption between two renames leaves
    the first ones new: let a file that names the others' checksums come first.

    contents: strings are written as UTF-8.

    Raises ValueError (E333) for a file that cannot be written.
    """
    parts: dict[Path, Path] = {}
    try:
        for path, content in contents.items():
            with _told(path):
                target = Path(os.path.realpath(path))  # a link stays a link
                if target.exists() and not target.is_file():  # such as /dev/null
                    _write(target, content)
                    continue
                part = target.with_name(f"{target.name}.part")
                part.unlink(missing_ok=True)  # left by a kill, or a link to elsewhere
                parts[target] = part
                _write(part, content, mode="xb")
                if target.exists():
                    shutil.copymode(target, part)
        for target, part in parts.items():
            with _told(target):
                part.replace(target)
    finally:
        for part in parts.values():
            with contextlib.suppress(OSError):
                part.unlink(missing_ok=True)


@contextlib.contextmanager
def new_folder(path: Path) -> Iterator[Path]:
    """A folder to write to, which becomes `path` at the end. After an error, there is
    none. An empty folder may be in its place.

    Raises ValueError (E333) for an OSError.
    """
    path = Path(os.path.realpath(path))
    part = path.with_name(f"{path.name}.part")
    with _told(path):
        try:
            shutil.rmtree(part, ignore_errors=True)  # left by an interrupted run
            part.mkdir(parents=True)
            yield part
            if path.is_dir():
                path.rmdir()
            part.rename(path)
        finally:
            shutil.rmtree(part, ignore_errors=True)


def _write(path: Path, content: bytes | memoryview | str, mode: str = "wb") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open(mode) as stream:
        stream.write(content.encode("utf8") if isinstance(content, str) else content)
        stream.flush()
        if path.is_file():
            os.fsync(stream.fileno())


@contextlib.contextmanager
def _told(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        reason = error.strerror or error
        raise ValueError(Errors.E333.format(path=path, reason=reason)) from error
