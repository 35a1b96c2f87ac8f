"""Pair gold entities with predictions, and classify the errors."""

from collections.abc import Sequence
from dataclasses import dataclass

from ..corpora.base import Entity

CORRECT, NOT_JUDGED = "correct", "not judged"
# kind of error → description; CORRECT and NOT_JUDGED are not errors
ERRORS = {
    "missed": "A gold entity without a prediction.",
    "made up": "A prediction without a gold entity.",
    "wrong label": "The right start and end, but another label.",
    "wrong boundary": "The right label, but the prediction only overlaps.",
    "wrong label and boundary": "Another label, and the prediction only overlaps.",
}


@dataclass(frozen=True, slots=True)
class PredictedEntity:
    """An entity that a pipeline predicted.

    entity: the entity in the predicted doc.
    judged: the entity expanded to whole tokens of the gold doc. It is compared with the
        gold entities, as in spaCy's scorer.
    score: the pipeline's score, or None.
    """

    entity: Entity
    judged: Entity
    score: float | None = None


@dataclass(frozen=True, slots=True)
class Pair:
    """A gold entity and its prediction. One of them may be None.

    kind: CORRECT, NOT_JUDGED (the tokens have no gold annotation), or one of ERRORS.
    """

    kind: str
    gold: Entity | None = None
    predicted: PredictedEntity | None = None


def pair_up(gold: Sequence[Entity], predicted: Sequence[PredictedEntity]) -> list[Pair]:
    """Pair each gold entity with at most one prediction. Returns pairs in text order.

    The best pairs are made first: correct ones, then those with a wrong label, then
    those with a wrong boundary, then those with both. For each kind, entities are
    paired in text order. If a prediction covers two gold entities, the first has a
    wrong boundary and the second is missed. The remaining entities are missed or made
    up.
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
