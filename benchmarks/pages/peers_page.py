"""The comparison as numbers and as a Markdown page."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from statistics import median
from typing import Any

from spacy.tokens import Doc

from spacy_padellm.types import LabelNames

from ..machine import describe_machine
from ..measure import score
from .contenders import Contender
from .in_turn import Ratio, Timed, share_of_peak
from .model_size import model_size
from .peers import OURS, PEERS
from .usage import Usage
from .vllm_engine import KEYS_GB

PADDED_GOAL, PASSES_GOAL, SHARE_GOAL = 1.15, 3.3, 0.65


def results(
    contenders: Mapping[str, Contender],
    timed: Mapping[str, Timed],
    alone: Sequence[Doc],
    together: Sequence[Doc],
    labels: LabelNames,
    peaks: Sequence[float],
) -> dict[str, Any]:
    """All that was measured, as JSON can hold it.

    alone, together: the documents read alone and in batches. peaks: of each round.
    """
    our = timed[OURS]
    systems = {}
    for name, contender in contenders.items():
        done = timed[name]
        systems[name] = {
            "title": contender.title,
            "latencies_ms": [1000 * seconds for seconds in done.latencies],
            "docs_a_second": [len(together) / seconds for seconds in done.rounds],
            "alone": _a_doc(done.alone, len(alone)),
            "together": _a_doc(done.together, len(together) * len(done.rounds)),
            "f": score(alone, done.readings, labels)["strings"]["f"],
            "latency_ratio": asdict(Ratio.of(done.latencies, our.latencies)),
            "throughput_ratio": asdict(Ratio.of(done.rounds, our.rounds)),
            "goals": PEERS[name].goals,
        }
        if contender.vllm is not None:
            systems[name]["version"] = contender.vllm.name
            systems[name]["peak_mb"] = contender.vllm.peak_mb
    size = model_size(contenders[OURS].lm.base.model)
    used, n_rounds = our.together, len(our.rounds)
    operations = size.operations(used.tokens, used.answers) / n_rounds
    return {
        "machine": describe_machine(),
        "systems": systems,
        "peak_gflops": [peak / 1e9 for peak in peaks],
        "share_of_peak": share_of_peak(operations, our.rounds, peaks),
        "padded_over_real": used.padded / used.tokens,
        "attended_over_real": used.attended / used.tokens,
        "passes_a_batch": used.passes / used.sessions,
        "passes_a_doc_alone": our.alone.passes / len(alone),
    }


def _a_doc(used: Usage, n_docs: int) -> dict[str, float]:
    return {name: value / n_docs for name, value in used.to_dict().items()}


def write_page(path: Path, run: Mapping[str, Any]) -> None:
    path.write_text("\n".join(_lines(run)) + "\n", encoding="utf8")


def _lines(run: Mapping[str, Any]) -> list[str]:
    machine, systems = run["machine"], run["systems"]
    our = systems[OURS]
    dtype = f"compute in {run['dtype']}"
    if run["our_dtype"] != run["dtype"]:
        dtype += f", but ours in {run['our_dtype']}"
    lines = [
        "# Our engine and its peers",
        "",
        f"Written by `python benchmarks/peers.py`. Measured on {machine['processor']}, "
        f"{machine['threads']} threads, GPU: {machine['gpu']}; torch "
        f"{machine['torch']}, transformers {machine['transformers']}; all contenders "
        f"{dtype}, and read the same documents in turn; a ratio is their time ÷ ours, "
        f"the median of {len(our['latencies_ms'])} documents read alone and of "
        f"{len(our['docs_a_second'])} rounds of all of them, with the middle half in "
        "brackets. Tokenising and aligning are part of every time.",
        "",
        "| against | one document alone | goal | saturated | goal |",
        "|---|---:|---:|---:|---:|",
    ]
    for name, one in systems.items():
        if name != OURS:
            alone, together = one["goals"]
            lines.append(
                f"| {one['title']} | {_ratio(one['latency_ratio'])} | {alone}× | "
                f"{_ratio(one['throughput_ratio'])} | "
                f"{'–' if together is None else f'{together}×'} |"
            )
    lines += [
        "",
        "| our engine, saturated | measured | goal |",
        "|---|---:|---:|",
        f"| padded ÷ real tokens, in matrix products | {run['padded_over_real']:.2f} | "
        f"{PADDED_GOAL} |",
        f"| the same in attention | {run['attended_over_real']:.2f} | |",
        f"| passes a batch | {run['passes_a_batch']:.2f} | {PASSES_GOAL} |",
    ]
    if run["our_dtype"] != "int8":  # what 8-bit products could do was not measured
        lines.append(
            f"| share of the matrix product's peak, {median(run['peak_gflops']):.0f} "
            f"GFLOP/s | {100 * run['share_of_peak']:.0f}% | {100 * SHARE_GOAL:.0f}% |"
        )
    lines += [
        "",
        "A document on average: *tokens* went through the model, *padded* are the same "
        "with padding, and *F* is of the strings found alone.",
        "",
        "| system | ms alone | tokens | padded | passes | documents a second | "
        "tokens | padded | passes | F |",
        "|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for one in systems.values():
        alone = f"| {one['title']} | {median(one['latencies_ms']):.0f} "
        together = f"| {median(one['docs_a_second']):.2f} "
        lines.append(
            alone
            + _used(one["alone"])
            + together
            + _used(one["together"])
            + f"| {100 * one['f']:.1f} |"
        )
    return [*lines, "", *_notes(systems)]


def _ratio(ratio: Mapping[str, float]) -> str:
    return f"{ratio['median']:.2f}× ({ratio['low']:.2f}–{ratio['high']:.2f})"


def _used(used: Mapping[str, float]) -> str:
    passes = f"{used['passes']:.2f}" if used["passes"] else "–"
    return f"| {used['tokens']:.0f} | {used['padded']:.0f} | {passes} "


def _notes(systems: Mapping[str, Any]) -> list[str]:
    notes = []
    held = [one["peak_mb"] for one in systems.values() if "peak_mb" in one]
    versions = {one["version"] for one in systems.values() if "version" in one}
    if versions:
        notes += [
            f"{', '.join(versions)} runs on the same cores, with adapters merged into "
            "the weights, a prefix cache in its smallest blocks (32 tokens) that is "
            "emptied before every document or round, and no log-probabilities "
            "asked for. Its tokens are without those of the cache. "
            f"It held up to {max(held)} MB, {KEYS_GB} GB of them for keys and values.",
            "",
        ]
    if "official_template" not in systems:
        notes.append(
            "The official algorithm in its own template was not measured: it needs an "
            "adapter trained in `padellm.en`, see `--official-template-adapter`."
        )
    return notes
