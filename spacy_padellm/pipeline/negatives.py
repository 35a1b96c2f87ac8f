"""Labels of other texts, to learn which labels a text does not have."""

import random
from collections.abc import Callable, Iterator

from spacy.language import Language
from spacy.training import Example

from ..corpora.base import ANNOTATED_LABELS
from ..corpora.named_labels import named_labels
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
        names = named_labels(example.reference)
        if names is None:
            yield example
            return
        asked = dict(names)
        for label, name in random.sample([*self.seen.items()], len(self.seen)):
            taken = {asked[one] or one for one in asked}
            is_new = label not in asked and (name or label) not in taken
            if is_new and len(asked) < len(names) + self.number:
                asked[label] = name  # None is the component's name for it
        for label, name in names.items():
            self.seen[label] = self.seen.get(label) or name
        reference = example.reference.copy()
        reference.user_data[ANNOTATED_LABELS] = asked
        yield Example(example.predicted, reference)
