"""Validate settings when a component is created."""

import re
from collections.abc import Mapping
from numbers import Real

from .errors import Errors


def check_positive(**settings: int) -> None:
    """Raise ValueError for the first setting that is no whole number from 1 on."""
    for setting, value in settings.items():
        is_whole = isinstance(value, int) and not isinstance(value, bool)
        if not is_whole or value < 1:
            raise ValueError(Errors.E502.format(setting=setting, value=value))


def check_share(**settings: float) -> None:
    """Raise ValueError unless every setting is a number from 0 to 1."""
    for setting, value in settings.items():
        is_number = isinstance(value, Real) and not isinstance(value, bool)
        if not is_number or not 0 <= value <= 1:
            raise ValueError(Errors.E805.format(setting=setting, value=value))


def check_thresholds(thresholds: Mapping[str, float]) -> None:
    """Raise ValueError for a table label → threshold with a value that is no number
    from 0 to 1 (E805), or a label that a config file cannot hold (E818)."""
    check_keys("thresholds", thresholds)
    check_share(**{f"thresholds.{label}": one for label, one in thresholds.items()})


def check_keys(setting: str, table: Mapping[str, object] | None) -> None:
    """Raise ValueError for a key or a value that a config file cannot hold: what is
    saved would be another table, or no config at all."""
    for key, value in (table or {}).items():
        odd = re.search(r"[:=\n\r]|^[#;\[@]|^\s|\s$|^$", key)
        if odd or not _comes_back(
            {key: {"name": key} if isinstance(value, dict) else 0}
        ):
            raise ValueError(Errors.E818.format(setting=setting, key=key))
    check_values(setting, table)


def check_values(setting: str, values: object) -> None:
    """Raise ValueError (E819) for a value that a config file cannot hold."""
    if not _comes_back({"values": values}):
        raise ValueError(Errors.E819.format(setting=setting, value=values))


def _comes_back(table: dict[str, object]) -> bool:
    """Whether a config that is saved and read has the same table."""
    from thinc.api import Config  # imports torch

    try:
        text = Config({"component": {"table": table}}).to_str()
        return Config().from_str(text)["component"]["table"] == table
    except (ValueError, TypeError):  # what confection raises
        return False


def check_flags(**settings: bool) -> None:
    """Raise ValueError unless every setting is true or false."""
    for setting, value in settings.items():
        if not isinstance(value, bool):
            raise ValueError(Errors.E806.format(setting=setting, value=value))
