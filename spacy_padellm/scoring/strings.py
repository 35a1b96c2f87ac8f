"""The paper's micro F: sets of strings per label.

As in the evaluation of PaDeLLM-NER (arXiv 2402.04838): where in the text a mention
stands does not count, nor does how often it is found there.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from typing import TYPE_CHECKING

from ..errors import Errors
from .prf import Found, LabelScores, score_sets

if TYPE_CHECKING:
    from spacy.tokens import Span


def score_strings(
    gold: Iterable[Mapping[str, Collection[str]]],
    predicted: Iterable[Mapping[str, Collection[str]]],
) -> LabelScores:
    """Compare the distinct strings of each label, document by document.

    gold, predicted: for each document, its mentions by label, e.g.
        {"LOC": ["Japan", "Korea"]}. Strings are compared as they are.

    ValueError: not as many documents on both sides (E901), or one string in place of a
        collection of strings (E902).
    """
    return score_sets(map(_distinct, gold), map(_distinct, predicted))


def strings_by_label(spans: "Iterable[Span]") -> dict[str, list[str]]:
    """The texts of spans, such as `doc.ents`, by label."""
    strings: defaultdict[str, list[str]] = defaultdict(list)
    for span in spans:
        strings[span.label_].append(span.text)
    return dict(strings)


def _distinct(document: Mapping[str, Collection[str]]) -> Found:
    for label, strings in document.items():
        if isinstance(strings, str):
            raise ValueError(Errors.E902.format(label=label, strings=strings))
    return {label: set(strings) for label, strings in document.items()}
