"""Which gold entities redaction would hide: those that predictions cover."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from typing import Literal, TypeAlias

from spacy.training import Example

from ..corpora.base import Entity

# how much of an entity predictions cover
Cover: TypeAlias = Literal["whole", "part", "none"]


def cover(
    text: str, gold: Iterable[Entity], predicted: Iterable[tuple[int, int]]
) -> dict[Entity, Cover]:
    """How predictions, whatever their labels, cover each gold entity.

    Its letters and digits count: what covers "Ann" covers "Ann." as a whole. Of an
    entity without them, all characters count.

    predicted: start and end, in characters of `text` as those of the gold entities.
    """
    covered = {at for start, end in predicted for at in range(start, end)}

    def of(entity: Entity) -> Cover:
        places = set(range(entity.start, entity.end))
        places = {at for at in places if text[at].isalnum()} or places
        if places <= covered:
            return "whole"
        return "part" if places & covered else "none"

    return {entity: of(entity) for entity in gold}


def same_characters(text: str, other: str) -> bool:
    """Whether characters of the two texts can be compared. A `Doc` made of words may
    end with a space."""
    return text.rstrip() == other.rstrip()


def cover_example(example: Example) -> dict[Entity, Cover]:
    """How the entities of the predicted doc cover those of the gold doc."""
    gold, predicted = example.reference, example.predicted
    spans = predicted.ents
    if not same_characters(gold.text, predicted.text):
        spans = example.get_aligned_spans_x2y(spans, allow_overlap=True)
    places = [(span.start_char, span.end_char) for span in spans]
    entities = {Entity(e.start_char, e.end_char, e.label_) for e in gold.ents}
    return cover(gold.text, entities, places)


def count_covers(docs: Iterable[Mapping[Entity, Cover]]) -> dict[str, Counter[Cover]]:
    """The number of entities of each label and cover, in all docs."""
    counts: defaultdict[str, Counter[Cover]] = defaultdict(Counter)
    for covers in docs:
        for entity, one in covers.items():
            counts[entity.label][one] += 1
    return dict(sorted(counts.items()))


def covered_share(counts: Mapping[Cover, int]) -> float:
    """The share of entities that are covered as a whole, 0 to 1. There must be one."""
    return counts.get("whole", 0) / sum(counts.values())
