"""The labels that a gold doc says it was annotated for."""

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

from ..errors import Errors
from ..labels import label_names
from .base import ANNOTATED_LABELS

if TYPE_CHECKING:
    from spacy.tokens import Doc


def named_labels(doc: "Doc") -> dict[str, str | None] | None:
    """The labels in `doc.user_data["padellm_labels"]`, each with the name that the
    model reads, or None where the doc gives no name. None if it names no labels: then
    it was annotated for all of them.

    The doc has a list of labels, or a table as in the component's `labels`; in the
    table, a name may also be None. Raises ValueError (E648) for anything else.
    """
    labels = doc.user_data.get(ANNOTATED_LABELS)
    if labels is None:
        return None
    try:
        if isinstance(labels, str) or not isinstance(labels, Collection):
            raise ValueError("it is neither a list nor a table")
        if isinstance(labels, Mapping):
            given = {label: name for label, name in labels.items() if name is not None}
            names = label_names(given)
            label_names({label: names.get(label, label) for label in labels})
        else:
            names = {}
            label_names(list(dict.fromkeys(labels)))
    except (ValueError, TypeError) as error:
        begin = doc.text[:60]
        message = Errors.E648.format(labels=labels, begin=begin, error=error)
        raise ValueError(message) from error
    return {label: names.get(label) for label in labels}


def judged_labels(doc: "Doc") -> set[str] | None:
    """The labels that a gold doc says anything about: those that it names, and those of
    its entities. None: all."""
    named = named_labels(doc)
    return None if named is None else {*named, *(ent.label_ for ent in doc.ents)}
