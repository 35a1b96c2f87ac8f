"""Checksums of a base's config and tokenizer, which `base_fingerprint` does not cover.

Another vocabulary, rope base, epsilon or end token changes what a model says, and no
tensor.
"""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..errors import Errors

# Of config.json. They say who wrote the file, and how it is loaded.
NOT_THE_MODEL = frozenset(
    ("transformers_version", "_name_or_path", "torch_dtype", "dtype", "use_cache")
)
VOCABULARIES = (
    *("tokenizer.json", "tokenizer.model", "vocab.json", "merges.txt", "vocab.txt"),
    *("added_tokens.json", "special_tokens_map.json"),
)


def file_digests(folder: Path) -> dict[str, str]:
    """A sha256, in hex, of the `config` and of the `tokenizer` of a base."""
    config = {
        key: value
        for key, value in _read(folder / "config.json").items()
        # the tokenizer says which tokens these are
        if key not in NOT_THE_MODEL and not key.endswith("_token_id")
    }
    tokens = {
        key: value
        for key, value in _read(folder / "tokenizer_config.json").items()
        if key.endswith("_token") or key.startswith("add_") or key == "tokenizer_class"
    }
    tokenizer = hashlib.sha256(_canonical(tokens))
    for name in VOCABULARIES:
        if (folder / name).is_file():
            tokenizer.update(name.encode("utf8") + (folder / name).read_bytes())
    return {
        "config": hashlib.sha256(_canonical(config)).hexdigest(),
        "tokenizer": tokenizer.hexdigest(),
    }


def check_file_digests(
    expected: Mapping[str, str], folder: Path, *, trained: str, source: str
) -> None:
    """Raises ValueError (E338) if a base has another config or tokenizer than it had.

    expected: of the base when the adapter was trained; empty if nobody knows.
    trained: the base's name then. source: the adapter's name in the error.
    """
    if not expected:
        return
    found = file_digests(folder)
    for what, one in found.items():
        if expected.get(what, one) != one:
            raise ValueError(
                Errors.E338.format(path=source, trained=trained, what=what)
            )


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
