"""The cost of text length, labels, mentions, batch size and number of documents."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict
from statistics import median
from typing import Any

from spacy.tokens import Doc

from spacy_padellm.model.shim import causal_lm_shim
from spacy_padellm.pipeline.padellm_ner import PaDeLLMNER

from ..data.varied_docs import Point, points
from ..machine.environment import describe_machine
from ..machine.model_size import model_size
from ..machine.peak import matrix_rate
from ..measuring.alternating import Runs, alternate
from ..measuring.statistics import Line, share_of_peak
from ..systems.loaded import LoadedSystem


def measure_cost(
    ner: PaDeLLMNER,
    docs: Sequence[Doc],
    axes: Mapping[str, Sequence[int]],
    *,
    rounds: int,
    batch_tokens: int,
    progress: Callable[[Iterable, str], Iterable],
) -> dict[str, Any]:
    """Measure all points of all axes in alternating rounds; the results as JSON.

    axes: see `points`. The first of `rounds` + 1 rounds warms up.
    batch_tokens: padded tokens in a batch, for the axis "documents".
    """
    chosen = list(points(ner.vocab, docs, ner.label_data, axes, batch_tokens))
    model = causal_lm_shim(ner.model).lm.base.model
    engine = causal_lm_shim(ner.model).engine
    systems = [LoadedSystem(ner, engine, labels=point.labels) for point in chosen]
    runs: list[list[Runs]] = [[] for _ in chosen]
    peaks: list[float] = []
    for number in progress(range(rounds + 1), "rounds"):
        peak = matrix_rate(model.device, model.dtype)
        done = [
            alternate({"": system}, [point.docs], point.batch_tokens)[""]
            for system, point in zip(systems, chosen, strict=True)
        ]
        if number:
            peaks.append(peak)
            for of_point, run in zip(runs, done, strict=True):
                of_point.append(run)
    size = model_size(model)
    results = []
    for point, of_point in zip(chosen, runs, strict=True):
        usage = of_point[-1].usage
        operations = size.operations(usage.tokens, usage.generated)
        results.append(_point_result(point, of_point, operations, peaks))
    return {
        "machine": describe_machine(),
        "peak_gflops": median(peaks) / 1e9,
        "lines": {axis: asdict(line) for axis, line in _lines(results).items()},
        "points": results,
    }


def _point_result(
    point: Point, runs: Sequence[Runs], operations: int, peaks: Sequence[float]
) -> dict[str, Any]:
    n_docs, last = len(point.docs), runs[-1]
    seconds = [run.seconds[0] for run in runs]
    mentions = sum(
        len(part.mentions) for one in last.predictions for part in one.extractions
    )
    return {
        "axis": point.axis,
        "x": point.x,
        "seconds": median(seconds),
        "ms": 1000 * median(seconds) / n_docs,
        "tokens": last.usage.tokens / n_docs,
        "padded": last.usage.padded / n_docs,
        "passes": last.usage.passes / n_docs,
        "mentions": mentions / n_docs,
        "share_of_peak": share_of_peak(operations, seconds, peaks),
    }


def _lines(results: Sequence[Mapping[str, Any]]) -> dict[str, Line]:
    """Axis → the line through its points, in seconds."""
    by_axis: dict[str, list[Mapping[str, Any]]] = {}
    for one in results:
        by_axis.setdefault(one["axis"], []).append(one)
    return {
        axis: Line.through([one["x"] for one in on], [one["seconds"] for one in on])
        for axis, on in by_axis.items()
        if len(on) > 1
    }
