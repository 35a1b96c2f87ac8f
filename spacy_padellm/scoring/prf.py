"""Precision, recall and F of sets, by label and over all labels."""

from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping, Set
from dataclasses import dataclass
from typing import TypeAlias

from ..errors import Errors

# what was found in one document, by label
Found: TypeAlias = Mapping[str, Set[Hashable]]


@dataclass(frozen=True, slots=True)
class PRF:
    """How many were found (tp), found wrongly (fp) and not found (fn).

    p, r, f: precision, recall and F1, 0 to 1; 0.0 where there is nothing to divide by.
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
        """{"p": ..., "r": ..., "f": ...}, as spaCy writes scores."""
        return {"p": self.p, "r": self.r, "f": self.f}


@dataclass(frozen=True, slots=True)
class LabelScores:
    """Scores of each label that stands in the gold data or in the predictions."""

    per_label: Mapping[str, PRF]

    @property
    def micro(self) -> PRF:
        """All labels together: their counts are added, then divided."""
        return sum(self.per_label.values(), PRF())


def score_sets(gold: Iterable[Found], predicted: Iterable[Found]) -> LabelScores:
    """Compare what each document has under each label with what was found there.

    ValueError (E901): not as many documents on both sides.
    """
    gold, predicted = list(gold), list(predicted)
    if len(gold) != len(predicted):
        raise ValueError(Errors.E901.format(gold=len(gold), predicted=len(predicted)))
    per_label: defaultdict[str, PRF] = defaultdict(PRF)
    for wanted, found in zip(gold, predicted, strict=True):
        for label in dict.fromkeys([*wanted, *found]):
            here, there = wanted.get(label, set()), found.get(label, set())
            per_label[label] += PRF(
                tp=len(here & there), fp=len(there - here), fn=len(here - there)
            )
    return LabelScores(dict(per_label))


def _ratio(part: int, whole: int) -> float:
    return part / whole if whole else 0.0
