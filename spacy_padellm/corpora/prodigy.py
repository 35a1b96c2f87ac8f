"""What an answer of Prodigy says about the spans of its text."""

from dataclasses import replace
from typing import Any

from .base import AnnotatedText, Entity

NOT_ACCEPTED = ("reject", "ignore")
# In these interfaces, as in `ner.teach`, an accepted answer says that the spans on the
# screen are right. It does not say that there are no others.
BINARY = ("ner", "spans")
# In these, an accepted answer without spans says that there are none.
MANUAL = ("ner_manual", "spans_manual", "blocks")


def says_nothing(row: dict[str, Any]) -> str:
    """Return why a row says nothing about spans, or "".

    The interface "relations" annotates spans only if it was given labels for them. A
    row that names no interface may have a class, or chosen options, instead of spans.
    """
    answer, view = row.get("answer"), row.get("_view_id")
    spans = row.get("spans", row.get("entities"))
    if answer in NOT_ACCEPTED:
        return f"example with the answer {answer!r}"
    if view is None:
        other = isinstance(row.get("label"), str) or "options" in row or "accept" in row
        about_text = answer == "accept" and spans is None and other
        return "answer that is not about spans" if about_text else ""
    if view in BINARY + MANUAL or view == "relations" and spans:
        return ""
    return f"answer of the interface {view!r}"[:60]


def is_binary(row: dict[str, Any]) -> bool:
    """Return whether a row only says that the spans that it has, if any, are right."""
    return row.get("_view_id") in BINARY


def beside_unknown(text: AnnotatedText) -> AnnotatedText:
    """Return the text with everything outside of its entities unknown."""
    if not text.text:
        return text
    whole = Entity(0, len(text.text), "")
    return replace(text, unknown=tuple(sorted((whole, *text.unknown))))
