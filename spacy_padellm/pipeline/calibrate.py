"""Choosing a format's threshold by its F on gold docs."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from spacy.language import Language
from spacy.training import Example

from ..engines.remembered import RememberedScores
from ..errors import Errors
from ..formats.base import Calibration
from .gold import gold_mentions

if TYPE_CHECKING:
    from .padellm_ner import PaDeLLMNER

# of a label, for a threshold of its own: with fewer, the best one is chance
LEAST_MENTIONS = 30


def calibration_of(ner: "PaDeLLMNER", *, by_label: bool = False) -> Calibration:
    """The threshold of the component's format. Raises ValueError if it has none (E509),
    or none for single labels if `by_label` is true (E514)."""
    calibration = ner.format.calibration
    names = {"name": ner.name, "format": ner.format.name}
    if calibration is None:
        raise ValueError(Errors.E509.format(**names))
    if by_label and not calibration.by_label:
        raise ValueError(Errors.E514.format(**names))
    return calibration


@dataclass(frozen=True, slots=True)
class Trial:
    """Scores of exact spans with a threshold, 0 to 1, as `spacy evaluate` has them.

    by_label: (precision, recall) of each label. thresholds: for single labels.
    covered: the share of gold entities that entities of whatever label cover, see
        `scoring.covered`; None if the component's scorer has no such score.
    """

    threshold: float | None
    precision: float
    recall: float
    by_label: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    thresholds: Mapping[str, float] = field(default_factory=dict)
    covered: float | None = None

    def f(self, beta: float = 1.0) -> float:
        return f_beta(self.precision, self.recall, beta)


@contextmanager
def scoring_once(ner: "PaDeLLMNER") -> Iterator[None]:
    """Meanwhile, the model scores each text once, however many thresholds are tried.
    Neither adapters nor labels may change."""
    before = ner.engine
    ner.engine = RememberedScores(before)
    try:
        yield
    finally:
        ner.engine = before


def try_thresholds(
    nlp: Language,
    ner: "PaDeLLMNER",
    examples: Sequence[Example],
    values: Sequence[float | None] | None = None,
    *,
    by_label: bool = False,
) -> Iterator[Trial]:
    """Score the pipeline with each value of its format's threshold, and restore its own
    afterwards. It takes less time within `scoring_once`.

    The best threshold depends on the adapter. One that was trained on few texts is
    unsure, and finds more with a low threshold.

    values: to try; by default, those of the format's `Calibration`.
    by_label: whether a value is also that of labels with a threshold of their own.

    Raises ValueError if the component's format has no threshold (E509), none for
    single labels (E514), or a value is out of range (E507, E805).
    """
    known = calibration_of(ner, by_label=by_label)
    values = known.values if values is None else values
    for value in values:
        known.check(value)
    others = {"thresholds": {}} if by_label else {}
    for value in values:
        yield _trial(nlp, ner, examples, {known.setting: value, **others})


def try_by_label(
    nlp: Language,
    ner: "PaDeLLMNER",
    examples: Sequence[Example],
    trials: Sequence[Trial],
    beta: float = 1.0,
) -> Trial:
    """Score the pipeline with the best threshold of each label, and restore its own
    format afterwards.

    trials: of `try_thresholds`, by label. A label gets a threshold of its own if it has
        LEAST_MENTIONS in the gold docs, and a higher F with another one than the best
        of all.
    """
    known = calibration_of(ner, by_label=True)
    best = best_of(trials, beta, own=getattr(ner.format, known.setting))
    gold = Counter(
        span.label_
        for example in examples
        for span in gold_mentions(example.reference, ner.gold_key)
    )
    thresholds = {}
    for label in sorted(label for label, n in gold.items() if n >= LEAST_MENTIONS):
        of_label = [
            Trial(trial.threshold, *trial.by_label.get(label, (0, 0)))
            for trial in trials
        ]
        better = best_of(of_label, beta, own=best.threshold)
        if better.f(beta) > of_label[trials.index(best)].f(beta):
            thresholds[label] = better.threshold
    settings = {known.setting: best.threshold, "thresholds": thresholds}
    return _trial(nlp, ner, examples, settings)


def _trial(
    nlp: Language,
    ner: "PaDeLLMNER",
    examples: Sequence[Example],
    settings: Mapping[str, Any],
) -> Trial:
    """The scores with other settings of the format: that of its `calibration`, and
    perhaps `thresholds`."""
    before = ner.format
    try:
        ner.format = replace(before, **settings)
        scores = nlp.evaluate(examples)
    finally:
        ner.format = before
    of = "ents" if "ents_f" in scores else f"spans_{ner.spans_key}"
    if scores.get(f"{of}_f") is None:
        raise ValueError(Errors.E445.format(number=len(examples), score=f"{of}_f"))
    by_label = (scores.get(f"{of}_per_type") or {}).items()
    pairs = {label: (one["p"], one["r"]) for label, one in by_label}
    return Trial(
        settings[ner.format.calibration.setting],
        scores[f"{of}_p"],
        scores[f"{of}_r"],
        pairs,
        settings.get("thresholds", {}),
        scores.get(f"{of}_covered"),
    )


def f_beta(precision: float, recall: float, beta: float = 1.0) -> float:
    """The weighted harmonic mean; recall counts `beta` times as much as precision."""
    square = beta**2
    bottom = square * precision + recall
    return (1 + square) * precision * recall / bottom if bottom else 0.0


def best_of(
    trials: Sequence[Trial], beta: float = 1.0, *, own: float | None = None
) -> Trial:
    """The highest F. Of equal ones, that with the threshold nearest to `own`, which the
    pipeline has: a higher one could find less in other docs. The first of two as near.
    """
    highest = max(trial.f(beta) for trial in trials)
    equal = (trial for trial in trials if trial.f(beta) == highest)
    return min(equal, key=lambda trial: _distance(trial.threshold, own))


def best_covering(
    trials: Sequence[Trial],
    share: float,
    beta: float = 1.0,
    *,
    own: float | None = None,
) -> Trial:
    """The best of those that cover at least this share of the gold entities, 0 to 1;
    if there is none, of those that cover most. See `best_of`."""
    most = max(trial.covered for trial in trials)
    covering = [trial for trial in trials if trial.covered >= min(share, most)]
    return best_of(covering, beta, own=own)


def _distance(one: float | None, other: float | None) -> float:
    """Between two thresholds. None is further from a number than any other number."""
    if one is None or other is None:
        return 0.0 if one is other else 2.0
    return abs(one - other)
