"""Exact scores of character spans, called strict in seqeval and nervaluate.

Use it for spans that `doc.ents` cannot hold: nested spans, and spans that are not whole
tokens. For docs, use `Scorer.score_spans` of spaCy, which returns the same scores.
"""

from collections import defaultdict
from collections.abc import Iterable
from typing import TypeAlias

from spacy_padellm.scoring.prf import Found, LabelScores, score_sets

# first character, end (exclusive), label, such as a `corpora.base.Entity`
LabelledPlace: TypeAlias = tuple[int, int, str]


def score_spans(
    gold: Iterable[Iterable[LabelledPlace]],
    predicted: Iterable[Iterable[LabelledPlace]],
) -> LabelScores:
    """Compare the spans of each document. Start, end and label must be correct.

    Spans may nest or overlap. Duplicate spans count once.

    Raises ValueError (E661) if the numbers of documents differ.
    """
    return score_sets(map(_by_label, gold), map(_by_label, predicted))


def _by_label(spans: Iterable[LabelledPlace]) -> Found:
    places: defaultdict[str, set[tuple[int, int]]] = defaultdict(set)
    for start, end, label in spans:
        places[label].add((start, end))
    return places
