"""The score of an entity, whatever `ent._.score` is in a process."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from spacy.tokens import Span


def entity_score(ent: "Span") -> float | None:
    """Return `ent._.score` if that is a number. It may be an extension of the user's,
    with another meaning."""
    try:
        score = ent._.score
        return None if isinstance(score, str) else float(score)
    except Exception:  # there is no such extension, or its getter fails
        return None
