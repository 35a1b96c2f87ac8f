"""A component's settings as the mapping `cfg`, which spaCy's tools read and write."""

from collections.abc import Callable, Iterator, Mapping, MutableMapping
from dataclasses import asdict, fields, is_dataclass, replace
from typing import Any, Protocol

from ..errors import Errors
from ..formats.base import Format
from ..settings import check_share
from .output import Output


class Configured(Protocol):
    """A component with its output settings and its format."""

    output: Output
    format: Format


class SettingsView(MutableMapping[str, Any]):
    """Settings by name, as they are now. To set one changes the component.

    read: all of them. write: sets one.
    """

    def __init__(
        self, read: Callable[[], Mapping[str, Any]], write: Callable[[str, Any], None]
    ) -> None:
        self._read = read
        self._write = write

    def __getitem__(self, name: str) -> Any:
        return self._read()[name]

    def __setitem__(self, name: str, value: Any) -> None:
        self._write(name, value)

    def __delitem__(self, name: str) -> None:
        raise TypeError(Errors.E821.format(name=name))

    def __iter__(self) -> Iterator[str]:
        return iter(self._read())

    def __len__(self) -> int:
        return len(self._read())

    def __repr__(self) -> str:
        return repr(dict(self))


def settings_of(component: Configured) -> SettingsView:
    """The settings of a component's output, and those of its format as `format`."""

    def read() -> dict[str, Any]:
        return {**asdict(component.output), "format": _settings_of_format(component)}

    def write(name: str, value: Any) -> None:
        if name == "format":
            _settings_of_format(component).update(value)
        else:
            component.output = component.output.changed({name: value})

    return SettingsView(read, write)


def _settings_of_format(component: Configured) -> SettingsView:
    def read() -> dict[str, Any]:
        settings = _values(component.format)
        if "thresholds" in settings:
            settings["thresholds"] = thresholds
        return settings

    def write(name: str, value: Any) -> None:
        if name not in _values(component.format):
            known = ", ".join(_values(component.format)) or "none"
            raise ValueError(
                Errors.E822.format(
                    setting=name, format=component.format.name, known=known
                )
            )
        component.format = _changed(component.format, name, value)

    def write_threshold(label: str, value: Any) -> None:
        write("thresholds", {**component.format.thresholds, label: value})

    thresholds = SettingsView(lambda: component.format.thresholds, write_threshold)
    return SettingsView(read, write)


def _values(format: Format) -> dict[str, Any]:
    if not is_dataclass(format):
        return {}
    return {one.name: getattr(format, one.name) for one in fields(format) if one.init}


def _changed(format: Format, name: str, value: Any) -> Format:
    """Raises ValueError for a threshold that is not allowed (E507, E805)."""
    known = format.calibration
    if known is not None and name == known.setting:
        known.check(value)
    if name == "thresholds":
        value = dict(value)
        check_share(**{f"thresholds.{label}": one for label, one in value.items()})
    return replace(format, **{name: value})
