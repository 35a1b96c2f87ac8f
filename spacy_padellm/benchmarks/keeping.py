"""What was measured, kept on disk until something else is asked for."""

from pathlib import Path
from typing import Any

import srsly


def kept(note: Path, asked: dict[str, Any]) -> dict[str, Any] | None:
    """What `keep` wrote there, if for the same; else None.

    asked: all that the result depends on, as JSON can hold it.
    """
    left = srsly.read_json(note) if note.is_file() else {}
    return left["measured"] if left.get("asked") == asked else None


def keep(note: Path, asked: dict[str, Any], measured: dict[str, Any]) -> None:
    note.parent.mkdir(parents=True, exist_ok=True)
    srsly.write_json(note, {"asked": asked, "measured": measured})


def trained_at(pipeline: Path) -> float:
    """Changes whenever a saved pipeline is trained again."""
    return (pipeline / "config.cfg").stat().st_mtime
