"""Choosing a format's threshold by its F on gold docs."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from spacy.language import Language
from spacy.training import Example

from ..errors import Errors
from ..formats.padellm import PaDeLLM, check_count_threshold
from ..formats.pointer import Pointer
from ..settings import check_share

if TYPE_CHECKING:
    from .padellm_ner import PaDeLLMNER

# None is the likeliest count.
COUNT_THRESHOLDS = (None, 0.5, 0.4, 0.3, 0.2)
THRESHOLDS = (0.6, 0.5, 0.45, 0.4, 0.35, 0.3, 0.25, 0.2, 0.15)


@dataclass(frozen=True, slots=True)
class Threshold:
    """A format's threshold that can be calibrated.

    setting: its name. check: raises ValueError for a value that is not allowed.
    values: to try. always: tried beside those that a user names.
    """

    setting: str
    check: Callable[[float | None], object]
    values: Sequence[float | None]
    always: Sequence[float | None] = ()


def threshold_of(ner: "PaDeLLMNER") -> Threshold:
    """The threshold of the component's format. Raises ValueError (E509) if it has
    none."""
    if isinstance(ner.format, PaDeLLM):
        return Threshold(
            "count_threshold", check_count_threshold, COUNT_THRESHOLDS, (None,)
        )
    if isinstance(ner.format, Pointer):
        return Threshold(
            "threshold", lambda value: check_share(threshold=value), THRESHOLDS
        )
    raise ValueError(Errors.E509.format(name=ner.name, format=ner.format.name))


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
    values: Sequence[float | None] | None = None,
) -> Iterator[Trial]:
    """Score the pipeline with each value of its format's threshold, and restore its own
    afterwards.

    The best threshold depends on the adapter. One that was trained on few texts is
    unsure, and finds more with a low threshold.

    values: to try; by default, those of the format's `Threshold`.

    Raises ValueError if the component's format has no threshold (E509) or a value is
    out of range (E507, E805).
    """
    before, known = ner.format, threshold_of(ner)
    values = known.values if values is None else values
    for value in values:
        known.check(value)
    try:
        for value in values:
            ner.format = replace(before, **{known.setting: value})
            scores = nlp.evaluate(examples)
            of = "ents" if "ents_f" in scores else f"spans_{ner.spans_key}"
            yield Trial(value, scores[f"{of}_p"], scores[f"{of}_r"], scores[f"{of}_f"])
    finally:
        ner.format = before


def best_of(trials: Sequence[Trial]) -> Trial:
    """The highest F; the first of equal ones."""
    return max(trials, key=lambda trial: trial.f)
