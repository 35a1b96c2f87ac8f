"""Checksums of a base's config, tokenizer and weights.

Another vocabulary, rope base, epsilon or end token changes what a model says, and no
tensor. Bytes between the samples of `base_fingerprint` change it too.
"""

import hashlib
import json
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from ..errors import Errors
from .fingerprint import weight_files, weights_sha256

# Of config.json. They say who wrote the file, and how it is loaded.
NOT_THE_MODEL = frozenset(
    ("transformers_version", "_name_or_path", "torch_dtype", "dtype", "use_cache")
)
VOCABULARIES = (
    *("tokenizer.json", "tokenizer.model", "vocab.json", "merges.txt", "vocab.txt"),
    *("added_tokens.json", "special_tokens_map.json"),
)
# Vocabularies under names of their own, as Qwen's and XGLM's.
OTHER_VOCABULARIES = ("*.tiktoken", "*.model")


def file_digests(folder: Path) -> dict[str, str]:
    """A sha256, in hex, of the `config`, the `tokenizer` and the `weights` of a base.

    The weights are read in whole, once for each version of their files.
    """
    return {what: digest(folder) for what, digest in DIGESTS.items()}


def check_file_digests(
    expected: Mapping[str, str], folder: Path, *, trained: str, source: str
) -> None:
    """Raises ValueError (E338) if a base's files have changed.

    expected: of the base when the adapter was trained, as far as it is known.
    trained: the base's name then. source: the adapter's name in the error.
    """
    for what, digest in DIGESTS.items():
        if what in expected and expected[what] != digest(folder):
            raise ValueError(
                Errors.E338.format(path=source, trained=trained, what=what)
            )


def _config_sha256(folder: Path) -> str:
    config = {
        key: value
        for key, value in _read(folder / "config.json").items()
        # the tokenizer says which tokens these are
        if key not in NOT_THE_MODEL and not key.endswith("_token_id")
    }
    return hashlib.sha256(_canonical(config)).hexdigest()


def _tokenizer_sha256(folder: Path) -> str:
    tokens = {
        key: value
        for key, value in _read(folder / "tokenizer_config.json").items()
        if key.endswith("_token") or key.startswith("add_") or key == "tokenizer_class"
    }
    tokenizer = hashlib.sha256(_canonical(tokens))
    others = {
        file.name for pattern in OTHER_VOCABULARIES for file in folder.glob(pattern)
    }
    for name in (*VOCABULARIES, *sorted(others - {*VOCABULARIES})):
        if (folder / name).is_file():
            tokenizer.update(name.encode("utf8") + (folder / name).read_bytes())
    return tokenizer.hexdigest()


def _weights_sha256(folder: Path) -> str:
    states = [file.stat() for file in weight_files(folder)]
    return _weights_sha256_of(
        folder, tuple((state.st_size, state.st_mtime_ns) for state in states)
    )


@lru_cache(maxsize=8)
def _weights_sha256_of(folder: Path, version: tuple[tuple[int, int], ...]) -> str:
    """version: the size and the time of each file. With another one, they are read
    again."""
    return weights_sha256(folder)


DIGESTS = {
    "config": _config_sha256,
    "tokenizer": _tokenizer_sha256,
    "weights": _weights_sha256,
}


def _canonical(data: dict[str, Any]) -> bytes:
    return json.dumps(data, sort_keys=True).encode("utf8")


def _read(file: Path) -> dict[str, Any]:
    try:
        data = json.loads(file.read_bytes()) if file.is_file() else {}
    except (ValueError, RecursionError) as error:
        raise ValueError(Errors.E306.format(path=file, reason=error)) from error
    if not isinstance(data, dict):
        raise ValueError(Errors.E306.format(path=file, reason="not a JSON object"))
    return data
