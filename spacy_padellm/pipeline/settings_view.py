"""A component's settings as the mapping `cfg`, which spaCy's tools read and write."""

from collections.abc import Callable, Iterator, Mapping, MutableMapping
from dataclasses import asdict
from typing import Any, Protocol

from ..errors import Errors
from ..formats.base import Format
from .changeable import changeable, changed, format_values
from .output import Output


class Configured(Protocol):
    """A component with its output settings and its format."""

    output: Output
    format: Format


class SettingsView(MutableMapping[str, Any]):
    """Settings by name, as they are now. Setting one changes the component. A copy, and
    what is pickled, is a plain dict.

    read: returns all of them. write: sets some of them, or none if one is not allowed.
    """

    def __init__(
        self,
        read: Callable[[], Mapping[str, Any]],
        write: Callable[[Mapping[str, Any]], None],
    ) -> None:
        self._read = read
        self._write = write

    def __getitem__(self, name: str) -> Any:
        return self._read()[name]

    def __setitem__(self, name: str, value: Any) -> None:
        self._write({name: value})

    def __delitem__(self, name: str) -> None:
        raise TypeError(Errors.E821.format(name=name))

    def __iter__(self) -> Iterator[str]:
        return iter(self._read())

    def __len__(self) -> int:
        return len(self._read())

    def __repr__(self) -> str:
        return repr(_plain(self))

    def __reduce__(self) -> tuple:
        return dict, (_plain(self),)

    def update(self, *settings: Any, **more: Any) -> None:
        self._write(dict(*settings, **more))


def settings_of(component: Configured) -> SettingsView:
    """The settings of a component's output, and those of its format as `format`. Of
    these, you can set the thresholds."""

    def read() -> dict[str, Any]:
        return {**asdict(component.output), "format": of_format}

    def write(settings: Mapping[str, Any]) -> None:
        settings = dict(settings)
        format = changed(component.format, _plain(settings.pop("format", {})))
        component.output = component.output.changed(settings)
        component.format = format

    def read_format() -> dict[str, Any]:
        values = format_values(component.format)
        if "thresholds" in changeable(component.format):
            values["thresholds"] = thresholds
        return values

    def write_format(settings: Mapping[str, Any]) -> None:
        component.format = changed(component.format, _plain(settings))

    def write_thresholds(settings: Mapping[str, Any]) -> None:
        write_format({"thresholds": {**component.format.thresholds, **settings}})

    thresholds = SettingsView(lambda: component.format.thresholds, write_thresholds)
    of_format = SettingsView(read_format, write_format)
    return SettingsView(read, write)


def _plain(settings: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: _plain(value) if isinstance(value, Mapping) else value
        for name, value in settings.items()
    }
