"""What an accepted answer of Prodigy says about the spans of its text."""

from dataclasses import replace
from typing import Any

from .base import AnnotatedText, Entity

# In these interfaces, as in `ner.teach`, an accepted answer says that the spans on the
# screen are right. It does not say that there are no others.
BINARY = ("ner", "spans")


def is_binary(row: dict[str, Any]) -> bool:
    """Return whether a row only says that the spans that it has are right."""
    return row.get("_view_id") in BINARY and bool(row.get("spans"))


def beside_unknown(text: AnnotatedText) -> AnnotatedText:
    """Return the text with everything outside of its entities unknown."""
    if not text.text:
        return text
    whole = Entity(0, len(text.text), "")
    return replace(text, unknown=tuple(sorted((whole, *text.unknown))))
