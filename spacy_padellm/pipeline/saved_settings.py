"""The settings that can be changed on a live pipeline, as they are saved.

They have the names of a config: "threshold", "format.threshold", and for the parts of a
table "format.thresholds.PER".
"""

from collections.abc import Collection, Mapping
from dataclasses import asdict
from typing import Any

from ..formats.base import Format
from .changeable import changeable_values, changed
from .config_values import is_unchanged
from .output import Output

FORMAT = "format."


def settings_to_save(output: Output, format: Format) -> dict[str, Any]:
    """The settings as they are now."""
    settings = asdict(output)
    for name, value in changeable_values(format).items():
        if isinstance(value, Mapping):
            for key, one in value.items():
                settings[f"{FORMAT}{name}.{key}"] = one
        else:
            settings[FORMAT + name] = value
    return settings


def check_saved(settings: Mapping[str, Any]) -> None:
    """Raises ValueError or TypeError for settings that no component saves."""
    of_output, of_format = _split(settings)
    Output().changed(of_output)
    for name, value in of_format.items():
        if not isinstance(value, float | int | None):
            raise ValueError(f"{FORMAT}{name} is {value!r}")


def restored(
    saved: Mapping[str, Any],
    then: Mapping[str, Any],
    now: Mapping[str, Any],
    output: Output,
    format: Format,
) -> tuple[Output, Format]:
    """The output settings and the format with the values that were saved. Those that
    the config has changed since are the config's, and those of another format change
    nothing.

    then, now: as the config said when they were saved, and as it says now.

    Raises ValueError for a value that is not allowed.
    """
    return _with_settings(_merged(saved, then, now), output, format)


def without_settings(
    names: Collection[str], settings: Mapping[str, Any]
) -> dict[str, Any]:
    """The settings but for those of these names, or in a table of these names."""
    return {
        one: value
        for one, value in settings.items()
        if not any(one == name or one.startswith(f"{name}.") for name in names)
    }


def _merged(
    saved: Mapping[str, Any], then: Mapping[str, Any], now: Mapping[str, Any]
) -> dict[str, Any]:
    same = {
        name
        for name, value in then.items()
        if name in now and is_unchanged(value, now[name])
    }
    overridden = {*then, *now} - same
    kept = {name: one for name, one in saved.items() if name not in overridden}
    return kept | {name: one for name, one in now.items() if name in overridden}


def _with_settings(
    settings: Mapping[str, Any], output: Output, format: Format
) -> tuple[Output, Format]:
    of_output, of_format = _split(settings)
    if of_output.get("spans_key", output.spans_key) is None:  # these need one
        of_output |= {"allow_overlap": False, "save_trace": False}
    changes: dict[str, Any] = {}
    for name, value in changeable_values(format).items():
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


def _split(settings: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Those of the output, and those of the format, without `FORMAT`."""
    of_output: dict[str, Any] = {}
    of_format: dict[str, Any] = {}
    for name, value in settings.items():
        if name.startswith(FORMAT):
            of_format[name.removeprefix(FORMAT)] = value
        else:
            of_output[name] = value
    return of_output, of_format
