"""Identify the weights of a folder by its safetensors files, without torch."""

import hashlib
import json
import math
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO

from ..errors import Errors

CHUNK = 1 << 20  # bytes
SAMPLE = 256  # bytes from the start, the middle and the end of each tensor
MAX_HEADER = 100_000_000  # bytes, the limit of the safetensors format
UNREADABLE = (ValueError, KeyError, TypeError, AttributeError, RecursionError)
LOADED = (
    *("config.json", "*.safetensors", "*.safetensors.index.json", "*.py"),
    *("tokenizer*", "vocab*", "merges.txt", "*.tiktoken", "special_tokens_map.json"),
)
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
        files = {name: folder / name for name in names}
    except UNREADABLE as error:
        raise ValueError(Errors.E306.format(path=index, reason=error)) from error
    missing = [name for name, file in files.items() if not file.is_file()]
    if missing or not files:
        lost = ", ".join(missing) or single.name
        raise ValueError(Errors.E302.format(path=folder, missing=lost))
    return list(files.values())


def file_states(folder: Path) -> tuple[tuple[str, int, int], ...]:
    """The name, size and time of change, in ns, of the files that a base is loaded
    from. They differ after one has been written again."""
    states = []
    for file in sorted({one for part in LOADED for one in folder.glob(part)}):
        with suppress(FileNotFoundError):  # another program has just removed it
            state = file.stat()
            states.append((file.name, state.st_size, state.st_mtime_ns))
    return tuple(states)


def base_fingerprint(folder: Path) -> str:
    """Return a sha256, in hex, that identifies a model's weights.

    It covers the name, dtype and shape of each tensor, and 256 bytes from its start,
    middle and end. It does not depend on the config, the tokenizer or the sharding.
    Reads less than a megabyte. Raises ValueError for a truncated or corrupt file.
    """
    return _tensors_sha256(Path(folder), _sample)


def weights_sha256(folder: Path) -> str:
    """Return a sha256, in hex, of the name, dtype, shape and bytes of each tensor.

    It does not depend on the sharding. Reads all of the weights, which takes a second
    for one or two gigabytes. Raises ValueError for a truncated or corrupt file.
    """
    return _tensors_sha256(Path(folder), _whole)


def tensor_headers(folder: Path) -> dict[str, tuple[str, list[int]]]:
    """The dtype, such as "BF16", and the shape of each tensor, by name."""
    headers = {}
    for file in weight_files(folder):
        for name, dtype, shape, _, _ in _tensors(file):
            headers[name] = (dtype, shape)
    return headers


def _tensors_sha256(
    folder: Path, read: Callable[[BinaryIO, int, int], Iterator[bytes]]
) -> str:
    """read: yields what is covered of the bytes between two offsets."""
    tensors = [
        (json.dumps([name, dtype, shape]).encode("utf8"), file, start, end)
        for file in weight_files(folder)
        for name, dtype, shape, start, end in _tensors(file)
    ]
    digest = hashlib.sha256()
    for key, file, start, end in sorted(tensors):
        digest.update(key)
        with file.open("rb") as stream:
            for part in read(stream, start, end):
                digest.update(part)
    return digest.hexdigest()


def _sample(stream: BinaryIO, start: int, end: int) -> Iterator[bytes]:
    if end - start <= 3 * SAMPLE:
        yield from _whole(stream, start, end)
        return
    for at in (start, (start + end) // 2, end - SAMPLE):
        stream.seek(at)
        yield stream.read(SAMPLE)


def _whole(stream: BinaryIO, start: int, end: int) -> Iterator[bytes]:
    stream.seek(start)
    for at in range(start, end, CHUNK):
        yield stream.read(min(CHUNK, end - at))


def _tensors(file: Path) -> Iterator[tuple[str, str, Any, int, int]]:
    """Yield (name, dtype, shape, start, end) of each tensor. Offsets are in bytes."""
    size = file.stat().st_size
    with file.open("rb") as stream:
        length = int.from_bytes(stream.read(8), "little")
        if size < 8 or length > min(size - 8, MAX_HEADER):
            reason = "its header is cut off"
            raise ValueError(Errors.E306.format(path=file, reason=reason))
        text = stream.read(length)
    data = 8 + length
    try:
        header = json.loads(text)
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
