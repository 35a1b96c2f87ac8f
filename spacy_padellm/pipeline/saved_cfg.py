"""The settings that a component saves beside its adapters, checked when read."""

import json
from pathlib import Path
from typing import Any

from ..about import __version__
from ..errors import Errors
from .adapter_set import is_folder_name
from .labels import read_labels, with_labels
from .saved_settings import check_saved

# To be raised when earlier versions can no longer read what is saved.
LAYOUT = 3


def read_cfg(text: bytes | None, *, source: Path, component: str) -> dict[str, Any]:
    """The saved settings from JSON.

    text: None if they are missing.
    source: where they were read, for errors.

    Raises ValueError for what a later version saved (E808), and for settings that no
    component has saved (E339).
    """
    try:
        if text is None:
            raise ValueError("they are missing")
        cfg = json.loads(text)
        if not isinstance(cfg, dict):
            raise ValueError(f"it is {type(cfg).__name__}, not a table")
        layout = cfg.get("layout", LAYOUT)
        if not isinstance(layout, int):
            raise ValueError(f"layout is {layout!r}")
        if layout <= LAYOUT:
            _check(cfg)
    except (ValueError, TypeError, RecursionError) as error:
        raise ValueError(Errors.E339.format(path=source, reason=error)) from error
    if layout > LAYOUT:
        raise ValueError(
            Errors.E808.format(
                name=component, version=cfg.get("version"), own=__version__
            )
        )
    return cfg


def _check(cfg: dict[str, Any]) -> None:
    """Raises ValueError for settings that no component has saved."""
    for part in ("labels", "given_labels", "learned_labels"):
        read_labels(cfg.get(part))
    added = cfg.get("added_labels", {})
    if not isinstance(added, dict):
        raise ValueError(f"added_labels is {added!r}")
    with_labels(read_labels(cfg.get("labels")) or {}, added)
    if not isinstance(cfg.get("adapter", False), bool):
        raise ValueError(f"adapter is {cfg['adapter']!r}")
    named, active = cfg.get("adapters", []), cfg.get("active_adapter")
    if not isinstance(named, list) or not all(map(is_folder_name, named)):
        raise ValueError(f"adapters is {named!r}")
    if active is not None and active not in named:
        raise ValueError(f"active_adapter is {active!r}")
    settings = ("settings", "configured_settings")
    for part in (*settings, "sha256", "configured_adapters"):
        if not isinstance(cfg.get(part, {}), dict):
            raise ValueError(f"{part} is {cfg[part]!r}")
    for part in settings:
        check_saved(cfg.get(part, {}))
