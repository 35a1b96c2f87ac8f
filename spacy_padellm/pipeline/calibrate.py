"""Choosing `count_threshold` by its F on gold docs."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from spacy.language import Language
from spacy.training import Example

from ..errors import Errors
from ..formats.padellm import PaDeLLM, check_count_threshold

if TYPE_CHECKING:
    from .padellm_ner import PaDeLLMNER

# None is the likeliest count.
THRESHOLDS = (None, 0.5, 0.4, 0.3, 0.2)


@dataclass(frozen=True, slots=True)
class Trial:
    """Scores of exact spans with a threshold, 0 to 1, as `spacy evaluate` has them."""

    threshold: float | None
    precision: float
    recall: float
    f: float


def try_thresholds(
    nlp: Language,
    ner: "PaDeLLMNER",
    examples: Sequence[Example],
    thresholds: Sequence[float | None] = THRESHOLDS,
) -> Iterator[Trial]:
    """Score the pipeline with each `count_threshold`, and restore its own afterwards.

    The best threshold depends on the adapter. One that was trained on few texts
    underestimates counts, and finds more with a low threshold.

    Raises ValueError if the component's format has no counts (E509) or a threshold is
    out of range (E507).
    """
    before = ner.format
    if not isinstance(before, PaDeLLM):
        raise ValueError(Errors.E509.format(name=ner.name, format=before.name))
    for threshold in thresholds:
        check_count_threshold(threshold)
    try:
        for threshold in thresholds:
            ner.format = replace(before, count_threshold=threshold)
            scores = nlp.evaluate(examples)
            yield Trial(threshold, scores["ents_p"], scores["ents_r"], scores["ents_f"])
    finally:
        ner.format = before


def best_of(trials: Sequence[Trial]) -> Trial:
    """The highest F; the first of equal ones."""
    return max(trials, key=lambda trial: trial.f)
