"""Precision, recall and F1 for each score threshold."""

from collections.abc import Iterable
from dataclasses import dataclass

from ..scoring.prf import PRF
from .compare import ComparedDoc
from .pairs import CORRECT, NOT_JUDGED


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """The micro scores of the entities whose score is at least `threshold`."""

    threshold: float
    scores: PRF


@dataclass(frozen=True, slots=True)
class Curve:
    """A threshold curve.

    points: one for each distinct score, in ascending order. Empty without scores.
    unscored: the number of predictions without a score. All thresholds keep them.
    """

    points: tuple[CurvePoint, ...]
    unscored: int = 0

    @property
    def best(self) -> CurvePoint:
        """The point with the highest F1, or in a tie the lowest threshold."""
        return max(self.points, key=lambda point: point.scores.f)

    def sample(self, most: int) -> list[CurvePoint]:
        """Return about `most` points at equal distances, including the first."""
        step = -(-len(self.points) // most) or 1
        return list(self.points[::step])


def threshold_curve(docs: Iterable[ComparedDoc]) -> Curve:
    """Compute the curve from one run of the pipeline. This is possible because the
    threshold does not change the scores, or which predictions are correct."""
    n_gold, unscored = 0, []
    by_score: dict[float, list[bool]] = {}
    for doc in docs:
        for pair in doc.pairs:
            n_gold += pair.gold is not None
            if pair.predicted and pair.kind != NOT_JUDGED:
                score, right = pair.predicted.score, pair.kind == CORRECT
                kept = unscored if score is None else by_score.setdefault(score, [])
                kept.append(right)
    points = []
    tp = sum(unscored)
    fp = len(unscored) - tp
    for threshold in sorted(by_score, reverse=True):
        right = sum(by_score[threshold])
        tp, fp = tp + right, fp + len(by_score[threshold]) - right
        points.append(CurvePoint(threshold, PRF(tp=tp, fp=fp, fn=n_gold - tp)))
    return Curve(tuple(reversed(points)), len(unscored))
