"""What an example of Prodigy says, by its answer and the view that it was shown in."""

from dataclasses import replace
from typing import Any

from .base import AnnotatedText, Entity

# Answers for examples that were not accepted.
NOT_ACCEPTED = ("reject", "ignore")
# Views in which all spans of a text are marked, so that a text may have none.
# Examples of recipes of one's own may have no view.
SPAN_VIEWS = ("ner_manual", "spans_manual", "spans", "blocks", "relations", None)
# Shows one span, as `ner.teach` does: it is right, and nothing is known of the rest.
BINARY_VIEW = "ner"


def why_left_out(value: dict[str, Any]) -> str:
    """Return why an example says nothing of entities, or "". An accepted one may omit
    an empty list of spans, which it then gets."""
    answer, view = value.get("answer"), value.get("_view_id")
    if answer in NOT_ACCEPTED:
        return f"example with the answer {answer!r}"
    if answer == "accept" and "spans" not in value:
        if view not in SPAN_VIEWS:
            return f"example of the view {view!r}, without spans"
        value["spans"] = []
    return ""


def is_binary(value: dict[str, Any]) -> bool:
    """Return whether the example says that its spans are right, and nothing else."""
    return value.get("answer") == "accept" and value.get("_view_id") == BINARY_VIEW


def without_the_rest(text: AnnotatedText) -> AnnotatedText:
    """Return the text with all unknown that is in none of its entities."""
    gaps, at = [], 0
    for entity in sorted(text.entities):
        if entity.start > at:
            gaps.append(Entity(at, entity.start, ""))
        at = max(at, entity.end)
    if at < len(text.text):
        gaps.append(Entity(at, len(text.text), ""))
    return replace(text, unknown=tuple(sorted((*text.unknown, *gaps))))
