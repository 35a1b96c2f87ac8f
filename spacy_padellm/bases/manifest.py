"""What an embedded base was when it was downloaded, and whether it still is that."""

import hashlib
import json
from functools import lru_cache
from pathlib import Path
from typing import Any

from .embedded import EMBEDDED

MANIFEST = "base.json"
NEEDED = ("config.json", "tokenizer.json")


def write_manifest(folder: Path, **about: Any) -> None:
    """Write the manifest with the size, time and sha256 of each file.

    about: further fields, among them `fingerprint`.
    """
    files = {}
    for file in sorted(folder.iterdir()):
        if file.is_file() and file.name != MANIFEST:
            at = file.stat()
            files[file.name] = {
                "size": at.st_size,
                "mtime_ns": at.st_mtime_ns,
                "sha256": file_sha256(file),
            }
    text = json.dumps({**about, "files": files}, indent=2)
    (folder / MANIFEST).write_text(text, "utf8")


def has_manifest(folder: Path) -> bool:
    """Whether a download was finished here, and no file has gone since."""
    manifest = _read(folder)
    names = (*NEEDED, *manifest.get("files", ()))
    return bool(manifest) and all((folder / name).is_file() for name in names)


def changed_files(folder: Path, *, thorough: bool = False) -> list[str]:
    """The files that are not as they were downloaded.

    Weights are read only if their size or time differs: it takes half a second. Every
    other file is always read. Files that are gone are not named.

    thorough: read the weights in any case.
    """
    return [
        name
        for name, expected in _read(folder).get("files", {}).items()
        if (folder / name).is_file()
        and _differs(folder / name, expected, thorough=thorough)
    ]


def copied_base(folder: Path) -> str | None:
    """The name of the embedded base that a folder has a copy of. None for the base.json
    of another program."""
    name = _read(folder).get("name")
    return name if isinstance(name, str) and name in EMBEDDED else None


def file_sha256(file: Path) -> str:
    """In hex."""
    digest = hashlib.sha256()
    with file.open("rb") as stream:
        while chunk := stream.read(1 << 20):
            digest.update(chunk)
    return digest.hexdigest()


def _differs(file: Path, expected: dict[str, Any], *, thorough: bool) -> bool:
    at = file.stat()
    if at.st_size != expected["size"]:
        return True
    is_weights = file.suffix == ".safetensors"
    if not is_weights or thorough:
        return file_sha256(file) != expected["sha256"]
    if at.st_mtime_ns == expected["mtime_ns"]:
        return False
    return _sha256_of_version(file, at.st_mtime_ns) != expected["sha256"]


@lru_cache(maxsize=8)
def _sha256_of_version(file: Path, mtime_ns: int) -> str:
    """Of a copy, read once for each time that it was written."""
    return file_sha256(file)


def _read(folder: Path) -> dict[str, Any]:
    """Empty if it is missing or damaged."""
    try:
        manifest = json.loads((folder / MANIFEST).read_bytes())
        for file in manifest["files"].values():
            file["size"], file["mtime_ns"], file["sha256"]
        return manifest
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return {}
