"""The paper's micro F1, which compares sets of strings per label.

As in the evaluation of PaDeLLM-NER (arXiv 2402.04838), the positions of mentions in the
text do not matter, and duplicate mentions count once.
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
    """Compare the set of strings of each label in each document.

    gold, predicted: label → strings for each document, such as
        {"LOC": ["Japan", "Korea"]}. Strings are not normalized.

    Raises ValueError if the numbers of documents differ (E661), or if the strings of a
    label are a single string (E662).
    """
    return score_sets(map(_distinct, gold), map(_distinct, predicted))


def strings_by_label(spans: "Iterable[Span]") -> dict[str, list[str]]:
    """Return label → texts of spans such as `doc.ents`."""
    strings: defaultdict[str, list[str]] = defaultdict(list)
    for span in spans:
        strings[span.label_].append(span.text)
    return dict(strings)


def _distinct(document: Mapping[str, Collection[str]]) -> Found:
    for label, strings in document.items():
        if isinstance(strings, str):
            raise ValueError(Errors.E662.format(label=label, strings=strings))
    return {label: set(strings) for label, strings in document.items()}
