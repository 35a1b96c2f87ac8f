"""Precision, recall and F1 of sets, per label and over all labels."""

from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping, Set
from dataclasses import dataclass
from typing import TypeAlias

from ..errors import Errors

# the items of one document: label → set of strings or spans
Found: TypeAlias = Mapping[str, Set[Hashable]]


@dataclass(frozen=True, slots=True)
class PRF:
    """The numbers of true positives, false positives and false negatives.

    p, r, f: precision, recall and F1, 0 to 1. They are 0.0 if the denominator is 0.
    """

    tp: int = 0
    fp: int = 0
    fn: int = 0

    def __add__(self, other: "PRF") -> "PRF":
        return PRF(self.tp + other.tp, self.fp + other.fp, self.fn + other.fn)

    @property
    def p(self) -> float:
        return _ratio(self.tp, self.tp + self.fp)

    @property
    def r(self) -> float:
        return _ratio(self.tp, self.tp + self.fn)

    @property
    def f(self) -> float:
        return _ratio(2 * self.tp, 2 * self.tp + self.fp + self.fn)

    def to_dict(self) -> dict[str, float]:
        """Return {"p": ..., "r": ..., "f": ...}, as in spaCy's scores."""
        return {"p": self.p, "r": self.r, "f": self.f}


@dataclass(frozen=True, slots=True)
class LabelScores:
    """The scores of each label in the gold data or in the predictions."""

    per_label: Mapping[str, PRF]

    @property
    def micro(self) -> PRF:
        """The micro average over all labels."""
        return sum(self.per_label.values(), PRF())


def score_sets(gold: Iterable[Found], predicted: Iterable[Found]) -> LabelScores:
    """Compare the gold and the predicted sets of each document and label.

    Raises ValueError (E661) if the numbers of documents differ.
    """
    gold, predicted = list(gold), list(predicted)
    if len(gold) != len(predicted):
        raise ValueError(Errors.E661.format(gold=len(gold), predicted=len(predicted)))
    per_label: defaultdict[str, PRF] = defaultdict(PRF)
    for wanted, found in zip(gold, predicted, strict=True):
        for label in dict.fromkeys([*wanted, *found]):
            a, b = wanted.get(label, set()), found.get(label, set())
            per_label[label] += PRF(tp=len(a & b), fp=len(b - a), fn=len(a - b))
    return LabelScores(dict(per_label))


def _ratio(part: int, whole: int) -> float:
    return part / whole if whole else 0.0
