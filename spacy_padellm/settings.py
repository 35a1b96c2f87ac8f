"""Checks of settings, at construction."""

from .errors import Errors


def check_positive(**settings: int) -> None:
    """ValueError for the first setting that is below 1."""
    for setting, value in settings.items():
        if value < 1:
            raise ValueError(Errors.E502.format(setting=setting, value=value))
