"""Which labels a component looks for with one of its adapters, and why."""

from collections.abc import Mapping
from typing import Any

from ..labels import complete_names, label_names
from ..model.shim import CausalLMShim
from ..types import LabelNames
from .labels import with_labels


class LabelChoice:
    """The labels from initialization; without these, the given ones; without these,
    those of the adapter. Added labels come on top.

    shim: has the adapter, with the labels that it was trained for.
    given: each label with its name, or None for the name that the adapter was trained
        with. None: the adapter's own labels.
    """

    def __init__(
        self,
        shim: CausalLMShim,
        given: Mapping[str, str | None] | None = None,
    ) -> None:
        self._shim = shim
        self._given = given
        self._added: dict[str, str | None] = {}
        # of the gold data of the initialization, with those given and added
        self._learned: LabelNames | None = None

    def names(self) -> LabelNames:
        """The labels, each with the name that the model reads."""
        first = self._given if self._learned is None else self._learned
        labels = self.completed(self._trained() if first is None else first)
        added = self._added
        if None in added.values():
            names = complete_names({**labels, **added}, self._known())
            added = {label: names[label] for label in added}
        return with_labels(labels, added)

    def completed(self, labels: Mapping[str, str | None]) -> LabelNames:
        """Labels, each with its name. Those that have none get the name that the
        adapter was trained with, or else the usual one."""
        if None not in labels.values():
            return dict(labels)
        return complete_names(labels, self._known())

    def give(self, labels: Mapping[str, str | None] | None) -> None:
        """Look for these alone, see `given`."""
        self._given, self._added, self._learned = labels, {}, None

    def add(self, label: str, name: str | None) -> int:
        """Look for one more label. Returns 1, or 0 if it is there. Raises ValueError
        for a faulty one, see `label_names`."""
        known = self.names()
        with_labels(known, {label: name})
        self._added.setdefault(label, name)
        return int(label not in known)

    def learn(self, found: Mapping[str, str | None]) -> None:
        """Look for the labels given, those added, and those found in gold data. Those
        that the adapter was trained for, or that other gold data had, are not among
        them: gold data that do not have them would teach that they are absent. A label
        that the adapter knows keeps its name.

        found: each label with the name that the model reads, or None.
        """
        given = self.completed(self._given or {})
        taken = {*self._added.values(), *given.values()}
        names = complete_names(found, self.names(), taken)
        others = {label: names[label] for label in found if label not in self._added}
        self._learned = with_labels(given, {**self._added, **others}) or self._learned

    def to_save(self) -> dict[str, Any]:
        """The labels, and where they are from, for `restore`."""
        labels, given = self.names(), self._given
        return {
            "labels": labels,
            "given_labels": None if given is None else self.completed(given),
            "added_labels": {label: labels[label] for label in self._added},
            "learned_labels": self._learned,
        }

    def restore(self, saved: Mapping[str, Any], of_card: LabelNames) -> None:
        """Use saved labels. If they are not what the other parts of `saved` make,
        somebody has edited them: then they are given.

        saved: as of `to_save`, or with `labels` alone. of_card: the labels that the
            saved adapter was trained for.
        """
        labels, given, learned = (
            None if saved.get(part) is None else label_names(saved[part])
            for part in ("labels", "given_labels", "learned_labels")
        )
        added = dict(saved.get("added_labels", {}))
        first = next(one for one in (learned, given, of_card) if one is not None)
        if labels is None or with_labels(first, added) != labels:
            self.give(labels)
        else:
            self._given, self._added, self._learned = given, added, learned

    def _trained(self) -> LabelNames:
        """The labels that the adapter was trained for; none without an adapter. Raises
        ValueError for one that cannot be read."""
        card = self._shim.card()
        return {} if card is None else card.labels

    def _known(self) -> LabelNames:
        """The names that the adapter was trained with; none if it cannot be read, which
        is an error when it is used."""
        try:
            return self._trained()
        except ValueError:
            return {}
