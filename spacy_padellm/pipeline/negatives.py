"""Labels of other texts, to learn which labels a text does not have."""

import random
from collections.abc import Callable, Iterator, Mapping

from spacy.language import Language
from spacy.training import Example

from ..corpora.base import ANNOTATED_LABELS
from ..settings import check_positive


def build_negative_labels_v1(
    *, number: int = 2
) -> Callable[[Language, Example], Iterator[Example]]:
    """An augmenter for corpora in which each text names labels of its own in
    `doc.user_data["padellm_labels"]`. It asks for labels of earlier texts too, which
    teaches that they are absent. Without it, a model that was only ever asked for what
    is there finds something for every label.

    number: the labels to add to each text, at most.

    Use it only if a label that a text does not name is absent from the text, and not if
    it just was not annotated.
    """
    check_positive(number=number)
    return NegativeLabels(number)


class NegativeLabels:
    """See `build_negative_labels_v1`.

    seen: the labels of earlier texts, with their names; None where a text gave none.
    """

    def __init__(self, number: int) -> None:
        self.number = number
        self.seen: dict[str, str | None] = {}

    def __call__(self, nlp: Language, example: Example) -> Iterator[Example]:
        own = example.reference.user_data.get(ANNOTATED_LABELS)
        if own is None:
            yield example
            return
        named = isinstance(own, Mapping)
        names = dict(own) if named else dict.fromkeys(own)
        asked = dict(names)
        for label, name in random.sample([*self.seen.items()], len(self.seen)):
            is_new = label not in asked and (name or label) not in asked.values()
            if is_new and len(asked) < len(names) + self.number:
                asked[label] = name or label
        self.seen = {**names, **self.seen}
        reference = example.reference.copy()
        reference.user_data[ANNOTATED_LABELS] = asked if named else list(asked)
        yield Example(example.predicted, reference)
