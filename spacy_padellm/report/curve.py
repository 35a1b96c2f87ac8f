"""Precision, recall and F if entities below a score were dropped."""

from collections.abc import Iterable
from dataclasses import dataclass

from ..scoring.prf import PRF
from .compare import ComparedDoc
from .pairs import CORRECT, NOT_JUDGED


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """scores: of the entities whose score is at least `threshold`, all labels."""

    threshold: float
    scores: PRF


@dataclass(frozen=True, slots=True)
class Curve:
    """points: one for each score that occurs, rising; empty without scores.
    unscored: predictions without a score, which every threshold keeps."""

    points: tuple[CurvePoint, ...]
    unscored: int = 0

    @property
    def best(self) -> CurvePoint:
        """The highest F; the lowest threshold of equals."""
        return max(self.points, key=lambda point: point.scores.f)

    def sample(self, most: int) -> list[CurvePoint]:
        """Some of the points, evenly over the scores, the first among them."""
        step = -(-len(self.points) // most) or 1
        return list(self.points[::step])


def threshold_curve(docs: Iterable[ComparedDoc]) -> Curve:
    """The curve from one run: a prediction's score and whether it is right do not
    depend on the threshold."""
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
