"""The settings of a format that can be changed on a live pipeline."""

from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Any

from ..errors import Errors
from ..formats.base import Format
from ..settings import check_thresholds


def format_values(format: Format) -> dict[str, Any]:
    """All settings of a format; none if it is no dataclass."""
    if not is_dataclass(format):
        return {}
    return {one.name: getattr(format, one.name) for one in fields(format) if one.init}


def changeable(format: Format) -> dict[str, Callable[[Any], None]]:
    """The settings that can be changed, each with a function that raises ValueError for
    a value that is not allowed."""
    values, known = format_values(format), format.calibration
    settings: dict[str, Callable[[Any], None]] = {}
    if known is not None and known.setting in values:
        settings[known.setting] = known.check
        if known.by_label:
            settings["thresholds"] = check_thresholds
    return settings


def changeable_values(format: Format) -> dict[str, Any]:
    """The settings that can be changed, as they are."""
    values = format_values(format)
    return {name: values[name] for name in changeable(format)}


def changed(format: Format, settings: Mapping[str, Any]) -> Format:
    """The format with other values.

    Raises ValueError (E822) for a setting that cannot be changed, and (E507, E805,
    E818) for a value that is not allowed.
    """
    values, allowed = format_values(format), changeable(format)
    changes = {
        name: value
        for name, value in settings.items()
        if name not in values or value != values[name]
    }
    for name, value in changes.items():
        if name not in allowed:
            names = ", ".join(allowed) or "none"
            raise ValueError(
                Errors.E822.format(setting=name, format=format.name, known=names)
            )
        allowed[name](value)
    return replace(format, **changes) if changes else format
