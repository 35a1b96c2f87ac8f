"""The speed and the quality of one system on one set of documents."""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from spacy.tokens import Doc

from ..systems.loaded import LoadedSystem
from .alternating import Clock, alternate, warm_up
from .scores import score_predictions


@dataclass(frozen=True, slots=True)
class Measurement:
    """What a system achieved.

    latencies: milliseconds for each document, one at a time. They include all steps
        from spaCy's tokens to aligned spans.
    throughputs: padded tokens in a batch of texts → documents per second. Empty for a
        system that reads one document at a time.
    scores: see `score_predictions`.
    """

    title: str
    latencies: list[float]
    throughputs: dict[int, float]
    scores: dict[str, Any]

    @classmethod
    def from_json(cls, saved: dict[str, Any]) -> "Measurement":
        throughputs = {int(size): rate for size, rate in saved["throughputs"].items()}
        return cls(**{**saved, "throughputs": throughputs})

    @property
    def mean(self) -> float:
        return float(np.mean(self.latencies))

    def percentile(self, percent: float) -> float:
        return float(np.percentile(self.latencies, percent))

    @property
    def throughput(self) -> float:
        """Documents per second in the best batch size, or one document at a time."""
        return max(self.throughputs.values(), default=1000 / self.mean)

    @property
    def best_batch(self) -> int | None:
        """The best batch size in tokens; None for one document at a time."""
        return max(self.throughputs, key=self.throughputs.get, default=None)


def measure(
    title: str,
    system: LoadedSystem,
    docs: Sequence[Doc],
    *,
    batch_tokens: Sequence[int],
    progress: Callable[[Iterable, str], Iterable] = lambda items, title: items,
    clock: Clock = time.perf_counter,
) -> Measurement:
    """Let a system predict the documents one at a time, and then in batches.

    batch_tokens: the batch sizes to try. progress: shows progress, as tqdm does.
    """
    warm_up([system], docs)
    singles = progress([[doc] for doc in docs], "one document at a time")
    alone = alternate({title: system}, singles, 1, clock=clock)[title]
    throughputs = {}
    for size in progress(batch_tokens, "in batches"):
        batch = alternate({title: system}, [docs], size, clock=clock)[title]
        throughputs[size] = len(docs) / batch.seconds[0]
    return Measurement(
        title,
        [1000 * seconds for seconds in alone.seconds],
        throughputs,
        score_predictions(docs, alone.predictions, system.labels),
    )
