"""One system on one set of documents: how fast, how long, how right."""

import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from spacy.tokens import Doc

from ..pipeline.reading import Reading
from ..scoring.counts import score_counts
from ..scoring.outputs import score_lengths
from ..scoring.spans import score_spans
from ..scoring.strings import score_strings, strings_by_label
from ..spans.resolve import drop_duplicates, drop_overlaps
from ..types import LabelNames
from .systems import Reader, System

WARM_UP = 3  # documents


@dataclass(frozen=True, slots=True)
class Measurement:
    """What a system did.

    latencies: milliseconds a document, read alone, in the documents' order: from spaCy
        tokens to spans, tokenising and aligning included.
    throughputs: documents a second with so many padded tokens in a batch of texts at
        most; empty for a system that reads one by one.
    scores: see `score`.
    """

    title: str
    latencies: list[float]
    throughputs: dict[int, float]
    scores: dict[str, Any]

    @property
    def mean(self) -> float:
        return float(np.mean(self.latencies))

    def percentile(self, percent: float) -> float:
        return float(np.percentile(self.latencies, percent))

    @property
    def throughput(self) -> float:
        """Documents a second in the best batch, or one by one."""
        return max(self.throughputs.values(), default=1000 / self.mean)

    @property
    def best_batch(self) -> int | None:
        """The tokens in a batch that gave it; None is one document."""
        return max(self.throughputs, key=self.throughputs.get, default=None)


def measure(
    system: System,
    reader: Reader,
    docs: Sequence[Doc],
    labels: LabelNames,
    *,
    batch_tokens: Sequence[int],
    progress: Callable[[Iterable, str], Iterable] = lambda items, title: items,
    clock: Callable[[], float] = time.perf_counter,
) -> Measurement:
    """Read the docs one by one, then in batches. The docs are not changed.

    progress: wraps what is gone through, as tqdm does.
    """
    for doc in docs[:WARM_UP]:
        reader.read([doc], 1)
    readings: list[Reading] = []
    latencies = []
    for doc in progress(docs, "one by one"):
        start, saved = clock(), reader.saved
        readings += reader.read([doc], 1)
        seconds = clock() - start - (reader.saved - saved)
        latencies.append(1000 * seconds)
    throughputs = {}
    if not system.one_by_one:
        for size in progress(batch_tokens, "in batches"):
            start = clock()
            reader.read(docs, size)
            throughputs[size] = len(docs) / (clock() - start)
    return Measurement(
        system.title, latencies, throughputs, score(docs, readings, labels)
    )


def score(
    docs: Sequence[Doc], readings: Sequence[Reading], labels: LabelNames
) -> dict[str, Any]:
    """What was read against the docs' own entities, all shares from 0 to 1.

    spans: exact spans, as spaCy scores them. strings: the paper's micro F, of strings
        that no other label claims with more confidence. counts: of each label, right
        in all cases and where the label is present. lengths: generated tokens of a
        sequence on average, and of a document's longest. dropped: mentions by reason.
    """
    gold = [[(e.start_char, e.end_char, e.label_) for e in doc.ents] for doc in docs]
    found = [
        [
            (doc[s.start].idx, doc[s.end - 1].idx + len(doc[s.end - 1]), s.label)
            for s in drop_overlaps(reading.spans)[0]
        ]
        for doc, reading in zip(docs, readings, strict=True)
    ]
    strings = [_strings(reading) for reading in readings]
    counts = [Counter(ent.label_ for ent in doc.ents) for doc in docs]
    counted = score_counts(counts, map(_counts, readings), list(labels))
    lengths = score_lengths(
        [n for part in reading.extractions for n in part.lengths]
        for reading in readings
    )
    spans = score_spans(gold, found)
    written = sum(
        len(part.mentions) for reading in readings for part in reading.extractions
    )
    made_up = sum(len(reading.not_in_text) for reading in readings)
    dropped = sum((reading.dropped for reading in readings), Counter())
    return {
        "spans": spans.micro.to_dict(),
        "spans_per_label": {k: prf.to_dict() for k, prf in spans.per_label.items()},
        "strings": score_strings(
            (strings_by_label(doc.ents) for doc in docs), strings
        ).micro.to_dict(),
        "count_accuracy": counted.accuracy,
        "count_accuracy_where_present": counted.accuracy_where_present,
        "count_error": counted.mean_error,
        "share_not_in_text": made_up / written if written else 0.0,
        "length": lengths.mean,
        "steps": lengths.mean_steps,
        "dropped": dict(dropped),
    }


def _strings(reading: Reading) -> dict[str, list[str]]:
    strings: dict[str, list[str]] = {}
    for part in reading.extractions:
        for mention in drop_duplicates(part.mentions)[0]:
            strings.setdefault(mention.label, []).append(mention.text)
    return strings


def _counts(reading: Reading) -> Counter[str]:
    return sum((Counter(part.counts) for part in reading.extractions), Counter())
