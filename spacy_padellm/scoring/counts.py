"""How well the mentions of a label are counted."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from ..errors import Errors


@dataclass(frozen=True, slots=True)
class CountScores:
    """Counts of mentions against gold counts, a pair for each document and label.

    pairs: (gold count, predicted count) → how often.
    All means are 0.0 where there are no pairs.
    """

    pairs: Mapping[tuple[int, int], int]

    @property
    def accuracy(self) -> float:
        """The share of counts that are right, 0 to 1."""
        return self._mean(lambda gold, predicted: gold == predicted)

    @property
    def accuracy_where_present(self) -> float:
        """The same where the label has mentions: nearly all counts of a corpus are 0,
        and to say 0 is easy."""
        present = {pair: n for pair, n in self.pairs.items() if pair[0] > 0}
        return CountScores(present).accuracy

    @property
    def mean_error(self) -> float:
        """Predicted less gold count, in mentions: below 0 the model counts too low,
        above 0 too high."""
        return self._mean(lambda gold, predicted: predicted - gold)

    def table(self, cap: int = 5) -> list[list[int]]:
        """Row: gold count, column: predicted count; the last of each is `cap` or more.

        So with a cap of 5 there are 6 rows of 6 numbers, and row 0, column 2 says how
        often the model counted two mentions where there are none.
        """
        rows = [[0] * (cap + 1) for _ in range(cap + 1)]
        for (gold, predicted), n in self.pairs.items():
            rows[min(gold, cap)][min(predicted, cap)] += n
        return rows

    def _mean(self, value: Callable[[int, int], float]) -> float:
        total = sum(self.pairs.values())
        summed = sum(value(*pair) * n for pair, n in self.pairs.items())
        return summed / total if total else 0.0


def score_counts(
    gold: Iterable[Mapping[str, int]],
    predicted: Iterable[Mapping[str, int]],
    labels: Sequence[str],
) -> CountScores:
    """Compare the counts of `labels` in each document; one that is not given is 0.

    A document is here what the model counts in at once: where docs are read in several
    windows, give the counts of each window.

    ValueError (E901): not as many documents on both sides.
    """
    gold, predicted = list(gold), list(predicted)
    if len(gold) != len(predicted):
        raise ValueError(Errors.E901.format(gold=len(gold), predicted=len(predicted)))
    pairs = Counter(
        (wanted.get(label, 0), found.get(label, 0))
        for wanted, found in zip(gold, predicted, strict=True)
        for label in labels
    )
    return CountScores(dict(pairs))
