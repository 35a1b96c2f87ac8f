"""The labels of a task, with their names in prompts and in answers."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from spacy_llm.util import split_labels

from ..errors import Errors
from ..labels import label_names
from ..types import LabelNames


class TaskLabels:
    """An immutable table of labels. `replaced` and `added` return new tables.

    names: label → name in the prompt. This is the label's definition if there is one,
        or else the name that `padellm_ner` uses.
    Raises ValueError if labels or names are empty, duplicate, or not a single line.
    """

    def __init__(
        self,
        labels: Sequence[str] | str | Mapping[str, str] | None,
        label_definitions: Mapping[str, str] | None,
        normalizer: Callable[[str], str],
    ) -> None:
        given = dict(labels) if isinstance(labels, Mapping) else {}
        self.definitions = {**given, **(label_definitions or {})}
        self.normalizer = normalizer
        plain = label_names(list(given) or split_labels(labels or []))
        self.names: LabelNames = label_names(
            {label: self.definitions.get(label, name) for label, name in plain.items()}
        )
        self._by_answer: dict[str, str] = {}
        for label in self.names:
            other = self._by_answer.setdefault(normalizer(label), label)
            if other != label:
                raise ValueError(Errors.E843.format(labels=f"{other!r}, {label!r}"))

    def of_answer(self, label: str) -> str | None:
        """Return the task's label for a label in an answer, or None if unknown."""
        return self._by_answer.get(self.normalizer(label))

    def replaced(
        self,
        labels: Sequence[str] | str | Mapping[str, str],
        definitions: Mapping[str, str] | None = None,
    ) -> "TaskLabels":
        """Return a table with other labels. It keeps the existing definitions."""
        given = labels if isinstance(labels, Mapping) else {}
        known = {**self.definitions, **given, **(definitions or {})}
        return TaskLabels(list(given) or labels, known, self.normalizer)

    def added(self, label: str, definition: str | None) -> "TaskLabels":
        """Return a table with one more label. Raises ValueError if it is no string."""
        if not isinstance(label, str):
            raise ValueError(Errors.E504.format(labels=repr(label)))
        definitions = {} if definition is None else {label: definition}
        return self.replaced([*self.names, label], definitions)

    def to_dict(self) -> dict[str, Any]:
        return {"labels": list(self.names), "label_definitions": self.definitions}
