"""Checksums of an adapter's files, which its card keeps."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..errors import Errors


def digests(parts: Mapping[str, bytes | dict[str, Any]]) -> dict[str, str]:
    """The sha256, in hex, of each file of an adapter.

    parts: by file name, bytes or the data of a JSON file. The digest of JSON does not
        depend on its spaces, line ends and order.
    """
    return {name: digest(part) for name, part in parts.items()}


def digest(part: bytes | dict[str, Any]) -> str:
    if isinstance(part, dict):
        part = json.dumps(part, sort_keys=True).encode("utf8")
    return hashlib.sha256(part).hexdigest()


def check_digests(
    expected: Mapping[str, str],
    parts: Mapping[str, bytes | dict[str, Any]],
    *,
    source: Path,
) -> None:
    """Raises ValueError (E334) for a file that is not the one that was saved.

    expected: as `digests` returned them; empty for a card that has none.
    source: the adapter's folder, for the error.
    """
    found = digests({name: parts[name] for name in parts if expected})
    for name, one in found.items():
        if one != expected.get(name):
            raise ValueError(
                Errors.E334.format(
                    path=source,
                    file=name,
                    found=one[:12],
                    expected=str(expected.get(name))[:12],
                )
            )
