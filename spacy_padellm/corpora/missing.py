"""Missing values, and words of which none is missing."""

from typing import Any

# what pandas, R and databases write, casefolded
MISSING = ("", "nan", "none", "null", "na", "n/a", "<na>")
# -100 is what losses ignore, and -1 a class of Hugging Face's that is not known
NO_TAG = (-100, -1, "-100", "-1", "-")


def is_missing(value: Any) -> bool:
    """Return whether a value is missing: None, NaN, or a word for them."""
    if isinstance(value, str):
        return value.strip().casefold() in MISSING
    return value is None or value != value


def are_words(value: Any) -> bool:
    """Return whether it is a list of strings, none of them empty. It may be empty."""
    return isinstance(value, list) and all(isinstance(w, str) and w for w in value)


def is_untagged(tag: Any) -> bool:
    """Return whether a token with this tag is not annotated."""
    return is_missing(tag) or tag in NO_TAG
