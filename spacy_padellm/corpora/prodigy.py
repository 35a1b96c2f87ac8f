"""What an answer of Prodigy says about the spans of its text."""

from dataclasses import replace
from typing import Any

from .base import AnnotatedText, Entity

NOT_ACCEPTED = ("reject", "ignore")
# In these interfaces, as in `ner.teach`, an accepted answer says that the spans on the
# screen are right. It does not say that there are no others.
BINARY = ("ner", "spans")
# In these, an accepted answer without spans says that there are none.
MANUAL = ("ner_manual", "spans_manual")
# In these, spans are only shown.
OTHER = ("classification", "choice", "text", "text_input", "html")


def why_left_out(row: dict[str, Any]) -> str:
    """Return why a row says nothing about spans, or "".

    Other interfaces, such as "blocks", "relations" and "review", say something if the
    row has spans. So does a row that names no interface, unless it has a class or
    chosen options.
    """
    answer, view = row.get("answer"), row.get("_view_id")
    spans = row.get("spans", row.get("entities"))
    if answer in NOT_ACCEPTED:
        return f"example with the answer {answer!r}"
    if view is None:
        other = any(key in row for key in ("label", "options", "accept"))
        about_text = answer == "accept" and not spans and other
        return "answer that is not about spans" if about_text else ""
    if view in BINARY + MANUAL or view not in OTHER and spans:
        return ""
    if view == "blocks" and spans is not None:
        return ""
    return f"answer of the interface {view!r}"[:60]


def task_of(row: dict[str, Any]) -> Any:
    """Return what rows about the same text have in common that several sessions
    annotated by hand; None if a row has no such thing."""
    if row.get("_view_id") not in MANUAL:
        return None
    return row.get("_input_hash")


def is_binary(row: dict[str, Any]) -> bool:
    """Return whether a row only says that the spans that it has, if any, are right."""
    return row.get("_view_id") in BINARY


def beside_unknown(text: AnnotatedText) -> AnnotatedText:
    """Return the text with everything unknown that is in none of its entities."""
    if not text.text:
        return text
    whole = Entity(0, len(text.text), "")  # entities are known all the same
    return replace(text, unknown=tuple(sorted((whole, *text.unknown))))
