"""The settings that can be changed on a live pipeline, as they are saved.

They have the names of a config: "threshold", "format.threshold", and for the parts of a
table "format.thresholds.PER".
"""

from collections.abc import Collection, Mapping
from dataclasses import asdict
from typing import Any

from ..formats.base import Format
from ..settings import check_share
from .changeable import changeable, changed, format_values
from .output import Output

FORMAT = "format."


def settings_to_save(output: Output, format: Format) -> dict[str, Any]:
    """The settings as they are now."""
    settings = asdict(output)
    for name, value in _changeable_values(format).items():
        if isinstance(value, Mapping):
            for key, one in value.items():
                settings[f"{FORMAT}{name}.{key}"] = one
        else:
            settings[FORMAT + name] = value
    return settings


def check_saved(settings: Mapping[str, Any]) -> None:
    """Raises ValueError or TypeError for settings that no component saves."""
    of_output, of_format = _parted(settings)
    Output().changed(of_output)
    check_share(**{name: one for name, one in of_format.items() if one is not None})


def restored(
    saved: Mapping[str, Any], then: Mapping[str, Any], now: Mapping[str, Any]
) -> dict[str, Any]:
    """The saved settings. Those that the config has changed since are the config's.

    then, now: as the config said when they were saved, and as it says now.
    """
    same = {name for name, value in then.items() if name in now and now[name] == value}
    overridden = {*then, *now} - same
    kept = {name: one for name, one in saved.items() if name not in overridden}
    return kept | {name: one for name, one in now.items() if name in overridden}


def without(names: Collection[str], settings: Mapping[str, Any]) -> dict[str, Any]:
    """The settings but for those of these names, or in a table of these names."""
    return {
        one: value
        for one, value in settings.items()
        if not any(one == name or one.startswith(f"{name}.") for name in names)
    }


def with_settings(
    settings: Mapping[str, Any], output: Output, format: Format
) -> tuple[Output, Format]:
    """The output settings and the format with saved values. Those of another format
    change nothing."""
    of_output, of_format = _parted(settings)
    if of_output.get("spans_key", output.spans_key) is None:  # these need one
        of_output |= {"allow_overlap": False, "save_trace": False}
    changes: dict[str, Any] = {}
    for name, value in _changeable_values(format).items():
        if isinstance(value, Mapping):
            start = f"{name}."
            changes[name] = {
                key.removeprefix(start): one
                for key, one in of_format.items()
                if key.startswith(start)
            }
        else:
            changes[name] = of_format.get(name, value)
    return output.changed(of_output), changed(format, changes)


def _parted(settings: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Those of the output, and those of the format, without `FORMAT`."""
    of_output: dict[str, Any] = {}
    of_format: dict[str, Any] = {}
    for name, value in settings.items():
        if name.startswith(FORMAT):
            of_format[name.removeprefix(FORMAT)] = value
        else:
            of_output[name] = value
    return of_output, of_format


def _changeable_values(format: Format) -> dict[str, Any]:
    values = format_values(format)
    return {name: values[name] for name in changeable(format)}
