"""The input files of a corpus: which they are, and whether they have changed."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any, BinaryIO, NamedTuple

import fsspec
from fsspec.core import url_to_fs

from ..errors import Errors

# The kind of a file by the end of its name.
KINDS = {
    ".txt": "text",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "jsonl",
    ".csv": "csv",
    ".tsv": "csv",
    ".parquet": "parquet",
    ".pq": "parquet",
    ".spacy": "spacy",
}
PLAIN = ("", ".text", ".md", ".rst", ".log")  # texts too, if they are asked for
COMPRESSIONS = {".gz": "gzip", ".zst": "zstd", ".bz2": "bz2", ".xz": "xz"}
HIDDEN = (".", "_")  # files that other programs leave, such as _SUCCESS
WILDCARDS = frozenset("*?[")
STAMPS = ("ETag", "etag", "md5Hash", "content_md5", "mtime", "LastModified", "created")


class InputError(ValueError):
    """An input that cannot be used, with what to do."""


@dataclass(frozen=True, slots=True)
class InputFile:
    """A file to annotate, as it was when the run began.

    path: absolute, or a URL of fsspec.
    kind: a value of KINDS. compression: a value of COMPRESSIONS, or empty.
    size: in bytes. stamp: the time of the last change, or what the storage has for it.
    content: a hash of the bytes; empty until it is needed.
    """

    path: str
    kind: str
    compression: str
    size: int
    stamp: str
    content: str = ""

    @property
    def shown(self) -> str:
        return shown(self.path)

    @contextmanager
    def open(self) -> Iterator[BinaryIO]:
        """Open the file's bytes, decompressed.

        Raises InputError (E424) if the file is no longer what it was.
        """
        with fsspec.open(self.path, "rb") as raw:
            check_unchanged(self)
            if self.compression:
                with decompressed(raw, self.compression) as stream:
                    yield stream
            else:
                yield raw


def shown(path: str) -> str:
    """The path, with escapes such as \\udce9 for bytes that are not UTF-8."""
    return path.encode("utf8", "backslashreplace").decode("utf8")


def check_unchanged(file: InputFile) -> None:
    """Raise InputError (E424) if a file is no longer what it was."""
    if identify(file.path) != (file.size, file.stamp):
        raise InputError(Errors.E424.format(path=file.path))


def find_files(source: str) -> list[InputFile]:
    """Return the files of `source`, sorted by path.

    source: a file, a folder (with all its folders) or a pattern, also of folders;
        local or a URL of fsspec. Names that begin with a dot or an underscore are left
        out. Files that you name, or that a pattern finds, may also have the endings of
        PLAIN.

    Raises ValueError if there are none (E411), if a folder has a link to a folder
    (E439), or if there are files of unknown kinds, in a folder (E412) or not (E435).
    """
    fs, root = url_to_fs(source)
    chained = source.partition("::")[2]
    found = [one for one in _paths(fs, root) if not one.is_hidden]
    if not found:
        raise ValueError(Errors.E411.format(source=source))
    is_folder = fs.isdir(root)
    files = []
    for path, _, is_asked_for in sorted(found):
        kind, compression = kind_of(path)
        if not kind:
            if fs.isdir(path):
                raise ValueError(Errors.E439.format(path=path))
            folder = source if is_folder else _url(fs, str(PurePosixPath(path).parent))
            _check_plain(path, folder, is_asked_for)
        url = _url(fs, path)
        url = f"{url}::{chained}" if chained else url
        files.append(InputFile(url, kind or "text", compression, *identify(url)))
    return files


def hidden_files(source: str) -> list[str]:
    """Return the paths of known kinds that `find_files` leaves out, sorted, as they
    are shown."""
    fs, root = url_to_fs(source)
    hidden = [path for path, is_hidden, _ in _paths(fs, root) if is_hidden]
    return sorted(shown(path) for path in hidden if kind_of(path)[0])


class _FoundPath(NamedTuple):
    """is_hidden: left out. is_asked_for: by its name or a pattern, not by a folder."""

    path: str
    is_hidden: bool
    is_asked_for: bool


def _paths(fs: Any, root: str) -> list[_FoundPath]:
    """The paths of a file, a folder or a pattern."""
    if fs.isfile(root):
        return [_FoundPath(root, False, True)]
    if fs.isdir(root):
        return [
            _FoundPath(path, _is_hidden(path, root), False) for path in fs.find(root)
        ]
    parts = root.split("/")
    n_plain = next((n for n, part in enumerate(parts) if set(part) & WILDCARDS), 0)
    start = "/".join(parts[:n_plain])
    takes_hidden = _is_hidden(root, start)
    found: dict[str, bool] = {}
    for match in fs.glob(root):
        is_file = not fs.isdir(match)
        for path in [match] if is_file else fs.find(match):
            found[path] = is_file or found.get(path, False)
    return [
        _FoundPath(path, not takes_hidden and _is_hidden(path, start), is_asked_for)
        for path, is_asked_for in found.items()
    ]


def _url(fs: Any, path: str) -> str:
    return path if fs.protocol[0] == "file" else fs.unstrip_protocol(path)


def _check_plain(path: str, folder: str, is_asked_for: bool) -> None:
    """Raise ValueError unless a file of no kind may be a text."""
    known = ", ".join(KINDS)
    if not is_asked_for:
        raise ValueError(Errors.E412.format(path=path, known=known, folder=folder))
    ending, _ = ending_of(path)
    if ending not in PLAIN:
        plain = ", ".join(PLAIN[1:])
        raise ValueError(Errors.E435.format(path=path, known=known, plain=plain))


def kind_of(path: str) -> tuple[str, str]:
    """Return the kind and the compression that a file's name tells, or ""."""
    ending, compression = ending_of(path)
    return KINDS.get(ending, ""), compression


def ending_of(path: str) -> tuple[str, str]:
    """Return the ending of a file's name, such as ".csv", and the compression that a
    second ending tells. path: of a storage, or a URL of fsspec."""
    inner = path.partition("::")[0]
    name = PurePosixPath(inner.replace("\\", "/").lower())
    compression = COMPRESSIONS.get(name.suffix, "")
    if compression:
        name = name.with_suffix("")
    return name.suffix, compression


def identify(path: str) -> tuple[int, str]:
    """Return the size in bytes of a file, and a stamp that a change renews."""
    fs, inner = url_to_fs(path)
    info = fs.info(inner)
    stamp = next((info[key] for key in STAMPS if info.get(key)), "")
    return int(info["size"] or 0), str(stamp)


def hash_of(path: str) -> str:
    """Return a hash of a file's bytes."""
    with fsspec.open(path, "rb") as raw:
        digest = hashlib.blake2b(digest_size=16)
        while block := raw.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def decompressed(raw: BinaryIO, compression: str) -> Any:
    """Open a compressed stream. It raises an error if the stream is cut off."""
    if compression == "zstd":
        return _zstd().ZstdFile(raw)
    return fsspec.compression.compr[compression](raw, mode="rb")


def _zstd() -> Any:
    """The module of Python 3.14. The package `zstandard` ends silently where a file is
    cut off."""
    try:
        from compression import zstd
    except ImportError:
        try:
            from backports import zstd
        except ImportError:
            what = "Reading .zst files"
            message = Errors.E420.format(
                what=what, package="backports.zstd", extra="annotate"
            )
            raise ImportError(message) from None
    return zstd


def _is_hidden(path: str, root: str) -> bool:
    """Whether a part of the path below `root` is hidden."""
    inner = path.removeprefix(root).strip("/")
    return any(part.startswith(HIDDEN) for part in inner.split("/"))
