"""Labels of the component: as a user gives them, and as gold docs have them."""

from collections.abc import Collection, Iterable, Mapping

import srsly
from spacy.training import Example

from ..corpora.named_labels import named_labels
from ..errors import Errors
from ..labels import complete_names, label_names
from ..types import LabelNames
from .gold import gold_mentions, is_annotated


def build_labels_v1(*, path: str | None = None) -> LabelNames | list[str] | None:
    """Labels to initialize a component with, from a JSON file as `spacy init labels`
    writes it: a table label → name, or a list.

    path: null for no labels, so that they are those of the gold data.

    Raises ValueError (E817) if the file is missing or is no such file. spaCy's own
    `spacy.read_labels.v1` takes no labels from a file that is missing.
    """
    if path is None:
        return None
    try:
        labels = srsly.read_json(path)
        read_labels(labels)
    except (OSError, ValueError) as error:
        raise ValueError(Errors.E817.format(path=path, error=error)) from error
    return labels


def read_labels(
    labels: Collection[str] | Mapping[str, str | Mapping[str, str]] | None,
) -> LabelNames | None:
    """Labels with the names that the model reads, from a list or a table; None for
    None.

    Raises ValueError for faulty labels, see `label_names`.
    """
    if labels is None:
        return None
    if not isinstance(labels, Collection):
        raise ValueError(Errors.E810.format(labels=labels))
    return label_names(labels)


def given_labels(
    labels: Collection[str] | Mapping[str, str | Mapping[str, str]] | None,
) -> dict[str, str | None] | None:
    """Like `read_labels`, but the labels of a list have no names: those that the
    adapter was trained with may be others than the usual ones."""
    names = read_labels(labels)
    is_list = names is not None and not isinstance(labels, Mapping)
    return dict.fromkeys(names) if is_list else names


def with_labels(known: LabelNames, more: Mapping[str, str | None]) -> LabelNames:
    """The known labels and those of `more` that are not among them.

    more: each label with the name that the model reads. None is its usual name.

    Raises ValueError for a faulty label, see `label_names`.
    """
    labels = dict(known)
    for label, name in more.items():
        if not isinstance(label, str):
            raise ValueError(Errors.E504.format(labels=repr(label)))
        if label in labels:
            continue
        if name is None:
            name = complete_names({**labels, label: None})[label]
        labels = label_names({**labels, label: name})
    return labels


def names_labels(examples: Iterable[Example]) -> bool:
    """Whether a gold doc names labels of its own."""
    return any(named_labels(example.reference) for example in examples)


def gold_labels(
    examples: Iterable[Example], spans_key: str | None = None
) -> dict[str, str | None]:
    """The labels of gold docs in order of appearance, with the first name given.

    spans_key: the mentions are in this group of `doc.spans`, where a doc has it.
    """
    labels: dict[str, str | None] = {}
    for example in examples:
        for label, name in (named_labels(example.reference) or {}).items():
            labels[label] = labels.get(label) or name
        for mention in gold_mentions(example.reference, spans_key):
            labels.setdefault(mention.label_, None)
    return labels


def has_gold(examples: Iterable[Example], spans_key: str | None = None) -> bool:
    """Whether any gold doc is annotated, if only to say that there are no mentions.

    spans_key: the mentions are in this group of `doc.spans`, where a doc has it.
    """
    return any(is_annotated(example.reference, spans_key) for example in examples)
