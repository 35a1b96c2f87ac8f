"""The labels of the component: given, learned from gold docs, or the adapter's own."""

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

from spacy.training import Example
from spacy.vocab import Vocab

from ..corpora.base import ANNOTATED_LABELS
from ..errors import Errors
from ..formats.labels import label_names
from ..models.shim import CausalLMShim
from ..types import LabelNames


class LabelTable:
    """What the component knows of its labels, and of those of its other adapters.

    Those that were given are in `cfg`: "labels", and "adapter_labels" by adapter.
    """

    vocab: Vocab
    cfg: dict[str, Any]
    active_adapter: str | None
    _lm_of: Callable[[str | None], CausalLMShim]

    @property
    def label_data(self) -> LabelNames:
        """The labels with the names that the model reads, for `spacy init labels`."""
        return self._label_data_of(self.active_adapter)

    def _label_data_of(self, adapter: str | None) -> LabelNames:
        given = self._given_to(adapter)
        if given is not None:
            return dict(given)
        card = self._lm_of(adapter).card()
        return {} if card is None else dict(card.labels)

    def _given_to(self, adapter: str | None) -> LabelNames | None:
        if adapter is None:
            return self.cfg["labels"]
        return self.cfg["adapter_labels"].get(adapter)

    def _give(self, labels: LabelNames | None) -> None:
        if self.active_adapter is None:
            self.cfg["labels"] = labels
        else:
            self.cfg["adapter_labels"][self.active_adapter] = labels
        for label in labels or ():
            self.vocab.strings.add(label)

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels asked for; as long as none were given, the adapter's own.

        None while that adapter cannot be read: spaCy asks for the labels of a saved
        pipeline before it loads the adapter that was saved.
        """
        try:
            return tuple(self.label_data)
        except ValueError:
            return ()

    @labels.setter
    def labels(self, labels: Collection[str] | Mapping[str, str] | None) -> None:
        """None: the adapter's own from now on."""
        self._give(given_labels(labels))

    def add_label(self, label: str, name: str | None = None) -> int:
        """Ask for one more label.

        name: what the model reads for it; the label itself where it has none.
        The first label given takes the place of the adapter's own labels.
        Returns 1, or 0 if the label is there already.
        """
        if not isinstance(label, str):
            raise ValueError(Errors.E504.format(labels=repr(label)))
        known = self._given_to(self.active_adapter) or {}
        if label in known:
            return 0
        if name is None:
            name = label_names([label])[label]
            name = label if name in known.values() else name
        self._give(label_names({**known, label: name}))
        return 1


def given_labels(
    labels: Collection[str] | Mapping[str, str] | None,
) -> LabelNames | None:
    """The labels with their names, from a list or a table; None for None.

    ValueError for faulty labels, see `label_names`.
    """
    if labels is None:
        return None
    if not isinstance(labels, Collection):
        raise ValueError(Errors.E810.format(labels=labels))
    return label_names(labels)


def gold_labels(examples: Iterable[Example]) -> dict[str, str | None]:
    """The labels of gold docs, in order of appearance, with the first name given."""
    labels: dict[str, str | None] = {}
    for example in examples:
        annotated = example.reference.user_data.get(ANNOTATED_LABELS, ())
        named = isinstance(annotated, Mapping)
        for label in annotated:
            labels[label] = labels.get(label) or (annotated[label] if named else None)
        for ent in example.reference.ents:
            labels.setdefault(ent.label_, None)
    return labels
