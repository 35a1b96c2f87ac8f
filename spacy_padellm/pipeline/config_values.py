"""Values of a config that was saved and loaded."""

from typing import Any


def is_unchanged(then: Any, now: Any) -> bool:
    """Whether a config still says what it said when a pipeline was saved.

    confection writes each `$` of a value as `$$`, and spaCy reads it without undoing
    that, so a value has twice as many of them whenever it was saved and loaded. A list
    of labels is compared as a table, so its keys may have been values.
    """
    return now in (then, _doubled(then, keys=False), _doubled(then, keys=True))


def _doubled(value: Any, *, keys: bool) -> Any:
    """The value with each `$` doubled, also in the keys of tables."""
    if isinstance(value, str):
        return value.replace("$", "$$")
    if isinstance(value, dict):
        return {
            _doubled(key, keys=keys) if keys else key: _doubled(one, keys=keys)
            for key, one in value.items()
        }
    if isinstance(value, list | tuple):
        return type(value)(_doubled(one, keys=keys) for one in value)
    return value
