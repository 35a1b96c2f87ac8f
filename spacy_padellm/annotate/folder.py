"""A folder, local or of fsspec, in which a file is there whole or not at all."""

import os
import uuid
from pathlib import PurePosixPath
from typing import Any

from fsspec.core import url_to_fs
from fsspec.implementations.local import LocalFileSystem

UNFINISHED = ".unfinished-"  # how the names of files begin while they are written


class Folder:
    """path: absolute, or a URL of fsspec. Names are relative, with slashes."""

    def __init__(self, path: str) -> None:
        self.path = path
        self._fs, self._root = url_to_fs(path)
        self._is_local = isinstance(self._fs, LocalFileSystem)

    def write(self, name: str, data: bytes) -> None:
        """Write a file beside its place, and rename it when it is whole."""
        place = self._place(name)
        parent, own = place.rsplit("/", 1)
        unfinished = f"{parent}/{UNFINISHED}{uuid.uuid4().hex[:12]}-{own}"
        self._fs.makedirs(parent, exist_ok=True)
        with self._fs.open(unfinished, "wb") as file:
            file.write(data)
            if self._is_local:
                file.flush()
                os.fsync(file.fileno())
        if self._is_local:
            os.replace(unfinished, place)
            _sync_folder(parent)
        else:
            self._fs.mv(unfinished, place)

    def read(self, name: str) -> bytes:
        """Raises FileNotFoundError."""
        return self._fs.cat_file(self._place(name))

    def names(self, inner: str = "") -> set[str]:
        """Return the names of the files and folders in the folder, or in one in it."""
        place = self._place(inner) if inner else self._root
        self._fs.invalidate_cache()
        if not self._fs.isdir(place):
            return set()
        return {PurePosixPath(path).name for path in self._fs.ls(place, detail=False)}

    def sizes(self) -> dict[str, int]:
        """Return the sizes of the files in the folder, in bytes."""
        self._fs.invalidate_cache()
        infos = self._fs.ls(self._root, detail=True)
        return {PurePosixPath(info["name"]).name: info["size"] for info in infos}

    def remove(self, name: str) -> None:
        """Remove a file, or a folder with all its files, if it is there."""
        place = self._place(name)
        try:
            self._fs.rm(place, recursive=True)
        except FileNotFoundError:
            pass

    def remove_unfinished(self, inner: str = "") -> None:
        """Remove files that a run which was killed has left half written."""
        for name in self.names(inner):
            if name.startswith(UNFINISHED):
                self.remove(f"{inner}/{name}" if inner else name)

    def local_place(self, name: str) -> str | None:
        """Return the path of a file, or None if the folder is not on this machine."""
        return self._place(name) if self._is_local else None

    def _place(self, name: str) -> str:
        return f"{self._root.rstrip('/')}/{name}"


def _sync_folder(folder: str) -> None:
    """Have the names of files survive a power failure."""
    if os.name == "nt":  # folders cannot be opened there
        return
    descriptor: Any = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
