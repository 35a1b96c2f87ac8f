"""Score how well the model counts the mentions of a label."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from ..errors import Errors


@dataclass(frozen=True, slots=True)
class CountScores:
    """Gold and predicted counts of mentions, for each document and label.

    pairs: (gold count, predicted count) → frequency.
    All scores are 0.0 if there are no pairs.
    """

    pairs: Mapping[tuple[int, int], int]

    @property
    def accuracy(self) -> float:
        """The share of correct counts, 0 to 1."""
        return self._mean(lambda gold, predicted: gold == predicted)

    @property
    def accuracy_where_present(self) -> float:
        """The share of correct counts, 0 to 1, if the gold count is not 0. Most gold
        counts in a corpus are 0, which is easy to predict."""
        present = {pair: n for pair, n in self.pairs.items() if pair[0] > 0}
        return CountScores(present).accuracy

    @property
    def mean_error(self) -> float:
        """The mean of predicted minus gold count, in mentions. It is negative if the
        model predicts too few mentions."""
        return self._mean(lambda gold, predicted: predicted - gold)

    def table(self, cap: int = 5) -> list[list[int]]:
        """Return the frequencies, with a row per gold and a column per predicted count.

        The last row and column stand for `cap` or more. With cap = 5, there are 6 rows
        with 6 numbers. Row 0, column 2 is how often the model predicted two mentions
        but there are none.
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
    """Compare the counts of `labels` in each document. Missing counts are 0.

    The model counts the mentions of a window. If docs have several windows, pass the
    counts of each window.

    Raises ValueError (E661) if the numbers of documents differ.
    """
    gold, predicted = list(gold), list(predicted)
    if len(gold) != len(predicted):
        raise ValueError(Errors.E661.format(gold=len(gold), predicted=len(predicted)))
    pairs = Counter(
        (wanted.get(label, 0), found.get(label, 0))
        for wanted, found in zip(gold, predicted, strict=True)
        for label in labels
    )
    return CountScores(dict(pairs))
