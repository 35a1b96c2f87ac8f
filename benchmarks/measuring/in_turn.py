"""Contenders measured in turn, so that whatever else a machine does meets all alike."""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from statistics import median, quantiles
from typing import TypeVar

from spacy.tokens import Doc

from spacy_padellm.pipeline.reading import Reading

from .contenders import Contender
from .peak import matrix_rate
from .usage import Usage

WARM_UP = 2  # documents
Progress = Callable[[Iterable, str], Iterable]
T = TypeVar("T")


@dataclass(slots=True)
class Timed:
    """What one contender did.

    latencies: seconds of each document, read alone. rounds: seconds of all documents
        together, once a round. alone, together: what went through the model meanwhile.
    readings: of the documents that were read alone.
    """

    latencies: list[float] = field(default_factory=list)
    rounds: list[float] = field(default_factory=list)
    alone: Usage = field(default_factory=Usage)
    together: Usage = field(default_factory=Usage)
    readings: list[Reading] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Ratio:
    """How many times as long as ours a contender took: the median of what was measured
    at one time, and the middle half of it."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, theirs: Sequence[float], ours: Sequence[float]) -> "Ratio":
        ratios = [one / other for one, other in zip(theirs, ours, strict=True)]
        if len(ratios) == 1:
            return cls(*ratios * 3)
        low, middle, high = quantiles(ratios, n=4, method="inclusive")
        return cls(middle, low, high)


def read_alone(
    contenders: Mapping[str, Contender],
    docs: Sequence[Doc],
    timed: Mapping[str, Timed],
    progress: Progress,
) -> None:
    """Each document by all contenders, one after the other, another one first each
    time."""
    for contender in contenders.values():
        contender.get_ready()
        for doc in docs[:WARM_UP]:
            contender.read_alone(doc)
    before = {name: contender.used() for name, contender in contenders.items()}
    for place, doc in enumerate(progress(docs, "one by one")):
        for name in _rotated(list(contenders), place):
            read = partial(contenders[name].read_alone, doc)
            seconds, reading = _timed(contenders[name], read)
            timed[name].latencies.append(seconds)
            timed[name].readings.append(reading)
    for name, contender in contenders.items():
        timed[name].alone = contender.used().since(before[name])


def read_together(
    contenders: Mapping[str, Contender],
    docs: Sequence[Doc],
    n_rounds: int,
    timed: Mapping[str, Timed],
    progress: Progress,
) -> list[float]:
    """All documents at once by all contenders, `n_rounds` times.

    Returns the best matrix product's operations a second, measured in each round.
    """
    peaks = []
    before = {name: contender.used() for name, contender in contenders.items()}
    for place in progress(range(n_rounds), "together"):
        peaks.append(_peak(contenders))
        for name in _rotated(list(contenders), place):
            read = partial(contenders[name].read_all, docs)
            seconds, _ = _timed(contenders[name], read)
            timed[name].rounds.append(seconds)
    for name, contender in contenders.items():
        timed[name].together = contender.used().since(before[name])
    return peaks


def share_of_peak(
    operations: float, seconds: Sequence[float], peaks: Sequence[float]
) -> float:
    """The median over rounds of what was computed in a round ÷ what could have been.

    operations: of one round. peaks: operations a second.
    """
    shares = [operations / one / peak for one, peak in zip(seconds, peaks, strict=True)]
    return median(shares)


def _timed(contender: Contender, read: Callable[[], T]) -> tuple[float, T]:
    """The contender's own seconds, and what it read."""
    contender.get_ready()
    saved, start = contender.reader.saved, time.perf_counter()
    found = read()
    seconds = time.perf_counter() - start
    return seconds - (contender.reader.saved - saved), found


def _peak(contenders: Mapping[str, Contender]) -> float:
    model = next(one.lm for one in contenders.values() if one.lm).base.model
    return matrix_rate(model.device, model.dtype)


def _rotated(names: Sequence[str], by: int) -> Sequence[str]:
    by %= len(names)
    return [*names[by:], *names[:by]]
