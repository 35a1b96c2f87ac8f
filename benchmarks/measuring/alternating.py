"""Alternating runs: systems take turns, so that noise on the machine affects all."""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from spacy.tokens import Doc

from spacy_padellm.pipeline.prediction import Prediction

from ..systems.loaded import LoadedSystem
from ..systems.usage import Usage

WARM_UP = 3  # documents
Clock = Callable[[], float]  # seconds


@dataclass(slots=True)
class Runs:
    """The runs of one system.

    seconds: of each run. usage: of all runs. predictions: of all runs, one after the
        other.
    """

    seconds: list[float] = field(default_factory=list)
    usage: Usage = field(default_factory=Usage)
    predictions: list[Prediction] = field(default_factory=list)


def alternate(
    systems: Mapping[str, LoadedSystem],
    batches: Iterable[Sequence[Doc]],
    batch_tokens: int,
    *,
    clock: Clock = time.perf_counter,
) -> dict[str, Runs]:
    """Let all systems predict each batch of documents; a run is a batch.

    Each batch starts with another system.
    """
    runs = {name: Runs() for name in systems}
    before = {name: system.usage for name, system in systems.items()}
    names = list(systems)
    for docs in batches:
        for name in names:
            seconds, predictions = timed(systems[name], docs, batch_tokens, clock=clock)
            runs[name].seconds.append(seconds)
            runs[name].predictions += predictions
        names = [*names[1:], names[0]]
    for name, system in systems.items():
        runs[name].usage = system.usage.since(before[name])
    return runs


def timed(
    system: LoadedSystem,
    docs: Sequence[Doc],
    batch_tokens: int,
    *,
    clock: Clock = time.perf_counter,
) -> tuple[float, list[Prediction]]:
    """The system's own seconds for these documents, and its predictions."""
    system.activate()
    start, excluded = clock(), system.excluded_seconds
    predictions = system.predict(docs, batch_tokens)
    seconds = clock() - start
    return seconds - (system.excluded_seconds - excluded), predictions


def warm_up(systems: Iterable[LoadedSystem], docs: Sequence[Doc]) -> None:
    """Let each system prepare its labels, and predict the first documents, one at a
    time."""
    for system in systems:
        system.activate()
        system.prepare()
        for doc in docs[:WARM_UP]:
            system.predict([doc], 1)
