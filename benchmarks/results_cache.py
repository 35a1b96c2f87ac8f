"""A cache on disk for results that take long to compute."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import srsly

from spacy_padellm.writing import replace_files


def cached(
    file: Path, depends_on: dict[str, Any], compute: Callable[[], dict[str, Any]]
) -> dict[str, Any]:
    """Return the result in `file`. Compute and save it if it is missing or stale.

    depends_on: everything that the result depends on, as JSON. The saved result is
        stale if this has changed, or if the file is cut off.

    A stale result is deleted before the new one is computed. So a result on disk says
    that its computation, and all files that it wrote, are complete.
    """
    saved = _read(file)
    if saved.get("depends_on") != depends_on:
        file.unlink(missing_ok=True)
        saved = {"depends_on": depends_on, "result": compute()}
        replace_files({file: srsly.json_dumps(saved, indent=2)})
        saved = srsly.read_json(file)
    return saved["result"]


def _read(file: Path) -> dict[str, Any]:
    """The saved result; empty if it is missing or cut off."""
    try:
        saved = srsly.read_json(file)
    except (OSError, ValueError):
        return {}
    return saved if isinstance(saved, dict) and "result" in saved else {}
