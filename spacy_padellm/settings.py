"""Validate settings when a component is created."""

import re
from collections.abc import Mapping
from numbers import Real

from .errors import Errors


def check_positive(**settings: int) -> None:
    """Raise ValueError for the first setting that is below 1."""
    for setting, value in settings.items():
        if value < 1:
            raise ValueError(Errors.E502.format(setting=setting, value=value))


def check_share(**settings: float) -> None:
    """Raise ValueError unless every setting is a number from 0 to 1."""
    for setting, value in settings.items():
        is_number = isinstance(value, Real) and not isinstance(value, bool)
        if not is_number or not 0 <= value <= 1:
            raise ValueError(Errors.E805.format(setting=setting, value=value))


def check_keys(setting: str, table: Mapping[str, object] | None) -> None:
    """Raise ValueError for a key that a config file cannot hold: what is saved would
    be another table, or no config at all."""
    for key in table or ():
        odd = re.search(r"[:=\n\r]|^[#;\[]|^\s|\s$|^$", key)
        if odd:
            raise ValueError(Errors.E818.format(setting=setting, key=key))


def check_flags(**settings: bool) -> None:
    """Raise ValueError unless every setting is true or false."""
    for setting, value in settings.items():
        if not isinstance(value, bool):
            raise ValueError(Errors.E806.format(setting=setting, value=value))
