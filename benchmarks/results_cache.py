"""A cache on disk for results that take long to compute."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import srsly


def cached(
    file: Path, depends_on: dict[str, Any], compute: Callable[[], dict[str, Any]]
) -> dict[str, Any]:
    """Return the result in `file`. Compute and save it if it is missing or stale.

    depends_on: everything that the result depends on, as JSON. The saved result is
        stale if this has changed.

    A stale result is deleted before the new one is computed. So a result on disk says
    that its computation, and all files that it wrote, are complete.
    """
    saved = srsly.read_json(file) if file.is_file() else {}
    if saved.get("depends_on") != depends_on:
        file.unlink(missing_ok=True)
        saved = {"depends_on": depends_on, "result": compute()}
        file.parent.mkdir(parents=True, exist_ok=True)
        srsly.write_json(file, saved)
        saved = srsly.read_json(file)
    return saved["result"]
