"""Exact scores of spans of characters, as seqeval and nervaluate call strict.

For spans that are not whole tokens or that nest, which `doc.ents` cannot hold; docs are
scored by spaCy's own `Scorer.score_spans`, which gives the same.
"""

from collections import defaultdict
from collections.abc import Iterable
from typing import TypeAlias

from .prf import Found, LabelScores, score_sets

# first character, end (exclusive), label; a `corpora.base.Entity` is one
LabelledPlace: TypeAlias = tuple[int, int, str]


def score_spans(
    gold: Iterable[Iterable[LabelledPlace]],
    predicted: Iterable[Iterable[LabelledPlace]],
) -> LabelScores:
    """Compare the spans of each document: start, end and label must all be right.

    Spans may nest or overlap; one that is given twice counts once.

    ValueError (E901): not as many documents on both sides.
    """
    return score_sets(map(_by_label, gold), map(_by_label, predicted))


def _by_label(spans: Iterable[LabelledPlace]) -> Found:
    places: defaultdict[str, set[tuple[int, int]]] = defaultdict(set)
    for start, end, label in spans:
        places[label].add((start, end))
    return places
