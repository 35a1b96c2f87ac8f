"""Fingerprint the weights of a folder from its safetensors files, without torch."""

import hashlib
import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from ..errors import Errors

SAMPLE = 256  # bytes from the start, the middle and the end of each tensor
MAX_HEADER = 100_000_000  # bytes, the limit of the safetensors format
UNREADABLE = (ValueError, KeyError, TypeError, AttributeError, RecursionError)
PICKLED = ("*.bin", "*.pt", "*.pth", "*.ckpt")


def weight_files(folder: Path) -> list[Path]:
    """Return the safetensors files that transformers loads from a model folder.

    Raises ValueError if there are none, or if a shard of the index is missing.
    """
    single = folder / "model.safetensors"
    if single.is_file():
        return [single]
    index = folder / "model.safetensors.index.json"
    if not index.is_file():
        pickled = sorted(p.name for pattern in PICKLED for p in folder.glob(pattern))
        if pickled:
            raise ValueError(Errors.E303.format(path=folder, files=", ".join(pickled)))
        raise ValueError(Errors.E302.format(path=folder, missing=single.name))
    try:
        names = sorted(set(json.loads(index.read_bytes())["weight_map"].values()))
    except UNREADABLE as error:
        raise ValueError(Errors.E306.format(path=index, reason=error)) from error
    missing = [name for name in names if not (folder / name).is_file()]
    if missing or not names:
        lost = ", ".join(missing) or single.name
        raise ValueError(Errors.E302.format(path=folder, missing=lost))
    return [folder / name for name in names]


def base_fingerprint(folder: Path) -> str:
    """Return a sha256, in hex, that identifies a model's weights.

    It covers the name, dtype and shape of each tensor, and 256 bytes from its start,
    middle and end. It does not depend on the config, the tokenizer or the sharding.
    Reads less than a megabyte. Raises ValueError for a truncated or corrupt file.
    """
    seen = {}
    for file in weight_files(Path(folder)):
        with file.open("rb") as stream:
            for name, dtype, shape, start, end in _tensors(file, stream):
                key = json.dumps([name, dtype, shape]).encode("utf8")
                seen[key] = _sample(stream, start, end)
    digest = hashlib.sha256()
    for key in sorted(seen):
        digest.update(key)
        digest.update(seen[key])
    return digest.hexdigest()


def tensor_headers(folder: Path) -> dict[str, tuple[str, list[int]]]:
    """The dtype, such as "BF16", and the shape of each tensor, by name."""
    headers = {}
    for file in weight_files(folder):
        with file.open("rb") as stream:
            for name, dtype, shape, _, _ in _tensors(file, stream):
                headers[name] = (dtype, shape)
    return headers


def _sample(stream: BinaryIO, start: int, end: int) -> bytes:
    if end - start <= 3 * SAMPLE:
        stream.seek(start)
        return stream.read(end - start)
    parts = []
    for at in (start, (start + end) // 2, end - SAMPLE):
        stream.seek(at)
        parts.append(stream.read(SAMPLE))
    return b"".join(parts)


def _tensors(file: Path, stream: BinaryIO) -> Iterator[tuple[str, str, Any, int, int]]:
    """Yield (name, dtype, shape, start, end) of each tensor. Offsets are in bytes."""
    size = file.stat().st_size
    length = int.from_bytes(stream.read(8), "little")
    data = 8 + length
    if size < 8 or length > min(size - 8, MAX_HEADER):
        raise ValueError(Errors.E306.format(path=file, reason="its header is cut off"))
    try:
        header = json.loads(stream.read(length))
        header.pop("__metadata__", None)
        found = []
        for name, tensor in header.items():
            start, end = tensor["data_offsets"]
            math.prod(tensor["shape"])
            found.append(
                (name, tensor["dtype"], tensor["shape"], data + start, data + end)
            )
    except UNREADABLE as error:
        reason = f"its header cannot be read ({error})"
        raise ValueError(Errors.E306.format(path=file, reason=reason)) from error
    needed = max((end for *_, end in found), default=data)
    if needed != size:
        reason = f"it has {size} bytes and should have {needed}"
        raise ValueError(Errors.E306.format(path=file, reason=reason))
    yield from found
