"""Gold entities and predictions in pairs: what is right, and how the rest is wrong."""

from collections.abc import Sequence
from dataclasses import dataclass

from ..corpora.base import Entity

CORRECT, NOT_JUDGED = "correct", "not judged"
# kind of error → what it means; beside them there are CORRECT and NOT_JUDGED
ERRORS = {
    "missed": "A gold entity, and nothing was predicted there.",
    "made up": "A prediction, and there is no gold entity there.",
    "wrong label": "The right place, another label.",
    "wrong boundary": "The right label, a place that overlaps the gold entity.",
    "wrong label and boundary": "Another label, at a place that overlaps.",
}


@dataclass(frozen=True, slots=True)
class Prediction:
    """An entity that a pipeline found.

    entity: where it stands in the predicted doc.
    judged: the same, widened to the gold tokens that it touches; this is what is
        compared, as in spaCy's scorer.
    score: as the pipeline gives it, None without.
    """

    entity: Entity
    judged: Entity
    score: float | None = None


@dataclass(frozen=True, slots=True)
class Pair:
    """A gold entity and the prediction that is compared with it, or one of them alone.

    kind: CORRECT, NOT_JUDGED (a prediction where gold annotation is missing), or one
        of ERRORS.
    """

    kind: str
    gold: Entity | None = None
    predicted: Prediction | None = None


def pair_up(gold: Sequence[Entity], predicted: Sequence[Prediction]) -> list[Pair]:
    """Each entity once, in text order.

    Pairs are made in text order, the best first: all that are right, then those with
    another label, then those that overlap under the same label, then those that only
    overlap. So a prediction over two gold entities is a wrong boundary of the first,
    and the second is missed. What is left is missed or made up.
    """
    golds, predictions = sorted(gold), sorted(predicted, key=lambda p: p.judged)
    pairs = []
    for kind, fits in STEPS:
        for entity in list(golds):
            found = next((p for p in predictions if fits(entity, p.judged)), None)
            if found is not None:
                golds.remove(entity)
                predictions.remove(found)
                pairs.append(Pair(kind, entity, found))
    pairs += [Pair("missed", gold=entity) for entity in golds]
    pairs += [Pair("made up", predicted=found) for found in predictions]
    return sorted(pairs, key=_place)


def _same_place(gold: Entity, judged: Entity) -> bool:
    return gold[:2] == judged[:2]


def _overlap(gold: Entity, judged: Entity) -> bool:
    return gold.start < judged.end and judged.start < gold.end


def _overlap_alike(gold: Entity, judged: Entity) -> bool:
    return gold.label == judged.label and _overlap(gold, judged)


STEPS = (
    (CORRECT, Entity.__eq__),
    ("wrong label", _same_place),
    ("wrong boundary", _overlap_alike),
    ("wrong label and boundary", _overlap),
)


def _place(pair: Pair) -> Entity:
    return pair.gold or pair.predicted.judged
