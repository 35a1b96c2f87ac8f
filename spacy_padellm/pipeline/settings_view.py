"""A component's settings as the mapping `cfg`, which spaCy's tools read and write."""

from collections.abc import Callable, Iterator, Mapping, MutableMapping
from dataclasses import asdict, fields, is_dataclass, replace
from typing import Any, Protocol

from ..errors import Errors
from ..formats.base import Format
from ..settings import check_keys, check_share
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
        format = _changed(component.format, settings.pop("format", {}))
        component.output = component.output.changed(settings)
        component.format = format

    def read_format() -> dict[str, Any]:
        values = _values(component.format)
        if "thresholds" in values:
            values["thresholds"] = thresholds
        return values

    def write_format(settings: Mapping[str, Any]) -> None:
        component.format = _changed(component.format, settings)

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


def _values(format: Format) -> dict[str, Any]:
    if not is_dataclass(format):
        return {}
    return {one.name: getattr(format, one.name) for one in fields(format) if one.init}


def _changed(format: Format, settings: Mapping[str, Any]) -> Format:
    """Raises ValueError (E822) for a setting that cannot be changed, and (E507, E805,
    E818) for a value that is not allowed."""
    values, known = _values(format), format.calibration
    allowed = {} if known is None else {known.setting: known.check}
    if "thresholds" in values:
        allowed["thresholds"] = _check_thresholds
    changes = {
        name: value
        for name, value in _plain(settings).items()
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


def _check_thresholds(thresholds: Mapping[str, Any]) -> None:
    check_keys("thresholds", thresholds)
    check_share(**{f"thresholds.{label}": one for label, one in thresholds.items()})
