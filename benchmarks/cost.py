"""What reading costs against the length of texts, labels, mentions, batch and stream.

    python benchmarks/cost.py

Needs the pipeline that `python -m spacy_padellm benchmark` trains. All points are
measured in turn, several rounds; the median is drawn.
"""

import time
from argparse import ArgumentParser, Namespace
from dataclasses import asdict
from pathlib import Path
from statistics import median
from typing import Any

import srsly
from measuring.contenders import Contender, Options, ours
from measuring.cores import use_cores
from measuring.cost_points import Point, points
from measuring.curves import Line, draw
from measuring.in_turn import share_of_peak
from measuring.model_size import model_size
from measuring.peak import matrix_rate
from measuring.trained import add_arguments, load_component, trained
from tqdm import tqdm

from spacy_padellm.benchmarks.machine import describe_machine
from spacy_padellm.models.shim import causal_lm_shim
from spacy_padellm.pipeline.padellm_ner import PaDeLLMNER
from spacy_padellm.pipeline.reading import read_docs
from spacy_padellm.spans.windows import whole_doc_windows

AXES = {
    "text length": (8, 16, 32, 48, 64, 96),
    "labels": (1, 2, 4, 8, 16, 32),
    "mentions": (0, 1, 2, 4, 8, 12),
    "batch size": (1, 2, 4, 8, 16, 32, 64),
    "documents": (25, 50, 100, 200, 400),
}
UNITS = {"text length": "words", "mentions": "people named"}


def parse() -> tuple[ArgumentParser, Namespace]:
    parser = ArgumentParser(description=__doc__.split("\n\n")[0])
    add_arguments(parser)
    for axis, values in AXES.items():
        option = "--" + axis.replace(" ", "-")
        parser.add_argument(option, type=int, nargs="*", default=values)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--batch-tokens", type=int, default=4096, help="of `documents`")
    parser.add_argument("--output", type=Path, default=Path("metrics/cost"))
    return parser, parser.parse_args()


def main(parser: ArgumentParser, args: Namespace) -> None:
    use_cores(args.cores)
    pipelines = trained(args)
    try:
        ner = load_component(pipelines.pipeline("padellm"), args.device)
        docs = pipelines.docs(ner.vocab)
    except FileNotFoundError as error:
        parser.error(str(error))
    axes = {axis: getattr(args, axis.replace(" ", "_")) for axis in AXES}
    chosen = list(points(ner.vocab, docs, ner.label_data, axes, args.batch_tokens))
    run = measure(ner, chosen, args.rounds)
    args.output.mkdir(parents=True, exist_ok=True)
    srsly.write_json(args.output / "cost.json", run)
    for axis in axes:
        if axes[axis]:
            plot(args.output, axis, run["points"])
    report(run)


def measure(ner: PaDeLLMNER, chosen: list[Point], n_rounds: int) -> dict[str, Any]:
    contender = ours("ours", ner, Options())
    model = causal_lm_shim(ner.model).lm.base.model
    size = model_size(model)
    contender.get_ready()
    seconds: list[list[float]] = [[] for _ in chosen]
    done: list[dict[str, Any]] = [{} for _ in chosen]
    peaks = []
    for _ in tqdm(range(n_rounds + 1), disable=None, leave=False):
        peaks.append(matrix_rate(model.device, model.dtype))
        for place, point in enumerate(chosen):
            took, done[place] = read(contender, ner, point)
            seconds[place].append(took)
    for point, times, one in zip(chosen, seconds, done, strict=True):
        used, n_docs = one.pop("used"), len(point.docs)
        operations = size.operations(used.tokens, used.answers)
        one |= {
            "axis": point.axis,
            "x": point.x,
            # the first round warms up
            "ms": 1000 * median(times[1:]) / n_docs,
            "tokens": used.tokens / n_docs,
            "padded": used.padded / n_docs,
            "passes": used.passes / n_docs,
            "seconds": median(times[1:]),
            "share_of_peak": share_of_peak(operations, times[1:], peaks[1:]),
        }
    lines = {}
    for axis in dict.fromkeys(one["axis"] for one in done):
        here = [one for one in done if one["axis"] == axis]
        if len(here) > 1:
            x, y = [one["x"] for one in here], [one["seconds"] for one in here]
            lines[axis] = asdict(Line.through(x, y))
    return {
        "machine": describe_machine(),
        "peak_gflops": median(peaks) / 1e9,
        "lines": lines,
        "points": done,
    }


def read(
    contender: Contender, ner: PaDeLLMNER, point: Point
) -> tuple[float, dict[str, Any]]:
    """Seconds for all documents of a point, and what they took and gave."""
    before, start = contender.used(), time.perf_counter()
    readings = read_docs(
        point.docs,
        point.labels,
        engine=contender.reader.engine,
        tokenizer=contender.reader.tokenizer,
        format=ner.format,
        windows=whole_doc_windows,
        alignment_mode="contract",
        batch_tokens=point.batch_tokens,
    )
    seconds = time.perf_counter() - start
    n_mentions = sum(len(p.mentions) for one in readings for p in one.extractions)
    return seconds, {
        "used": contender.used().since(before),
        "mentions": n_mentions / len(point.docs),
    }


def plot(folder: Path, axis: str, done: list[dict[str, Any]]) -> None:
    here = [one for one in done if one["axis"] == axis]
    x = [one["x"] for one in here]
    cost = "seconds" if axis == "documents" else "ms"
    label = "seconds" if axis == "documents" else "ms a document"
    draw(
        folder / f"cost-{axis.replace(' ', '-')}",
        f"Cost against {axis}",
        UNITS.get(axis, axis),
        {
            label: {"measured": (x, [one[cost] for one in here])},
            "tokens a document": {
                "real": (x, [one["tokens"] for one in here]),
                "with padding": (x, [one["padded"] for one in here]),
            },
            "a document": {
                "passes": (x, [one["passes"] for one in here]),
                "mentions found": (x, [one["mentions"] for one in here]),
            },
        },
    )


def report(run: dict[str, Any]) -> None:
    print(f"best matrix product: {run['peak_gflops']:.0f} GFLOP/s")
    for one in run["points"]:
        print(
            f"{one['axis']:12} {one['x']:4}: {one['ms']:7.1f} ms a document, "
            f"{one['tokens']:6.1f} tokens ({one['padded']:6.1f} padded), "
            f"{one['passes']:5.2f} passes, {one['mentions']:5.2f} mentions, "
            f"{100 * one['share_of_peak']:3.0f}% of the peak"
        )
    for axis in ("text length", "documents"):
        if axis in run["lines"]:
            print(f"{axis}: a line explains {100 * run['lines'][axis]['r2']:.1f}%")


if __name__ == "__main__":
    main(*parse())
