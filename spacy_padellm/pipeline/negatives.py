"""Labels of other texts, to learn which labels a text does not have."""

import random
from collections.abc import Callable, Iterator, Mapping

from spacy.language import Language
from spacy.training import Example

from ..corpora.base import ANNOTATED_LABELS
from ..settings import check_positive
from ..types import LabelNames


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
    """See `build_negative_labels_v1`. seen: label → name, in order of appearance."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.seen: LabelNames = {}

    def __call__(self, nlp: Language, example: Example) -> Iterator[Example]:
        own = example.reference.user_data.get(ANNOTATED_LABELS)
        if own is None:
            yield example
            return
        names = dict(own) if isinstance(own, Mapping) else {one: one for one in own}
        others = [
            (label, name)
            for label, name in self.seen.items()
            if label not in names and name not in names.values()
        ]
        self.seen = {**names, **self.seen}
        chosen = random.sample(others, min(self.number, len(others)))
        reference = example.reference.copy()
        reference.user_data[ANNOTATED_LABELS] = {**names, **dict(chosen)}
        yield Example(example.predicted, reference)
