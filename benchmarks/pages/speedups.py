"""Speedups of PaDeLLM and Pointer over other systems, and where they do not win."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ..measuring.measurement import Measurement
from . import paper

PADELLM = ("padellm_batch", "padellm_multi")
OURS = (*PADELLM, "pointer")
AUTOREGRESSIVE = ("aug", "struct", "aug_generate", "struct_generate")
RIVALS = (*AUTOREGRESSIVE, "one_step", "official")


@dataclass(frozen=True, slots=True)
class Speedup:
    """How many times as fast as `slow` the system `fast` is, one document at a time.

    of_means: the ratio of the mean latencies, as in the paper.
    median: the median ratio of the documents. A few slow moments do not change it.
    published: the paper's figure, if it has one.
    """

    slow: str
    fast: str
    of_means: float
    median: float
    published: float | None


def speedups(title: str, measured: Mapping[str, Measurement]) -> list[Speedup]:
    """Compare every rival with PaDeLLM and with Pointer, and PaDeLLM with Pointer.

    title: of the data set, as in `paper.py`.
    """
    found = []
    for slow in (*RIVALS, *PADELLM):
        for fast in OURS if slow in RIVALS else ("pointer",):
            if slow in measured and fast in measured:
                rival, our = measured[slow], measured[fast]
                ratios = np.divide(rival.latencies, our.latencies)
                published = paper.SPEEDUP.get((slow.removesuffix("_generate"), fast))
                found.append(
                    Speedup(
                        slow,
                        fast,
                        rival.mean / our.mean,
                        float(np.median(ratios)),
                        published.get(title) if published else None,
                    )
                )
    return found


def where_others_win(measured: Mapping[str, Measurement], name: str) -> list[str]:
    """A sentence for each measure in which another system beats the system `name`.
    PaDeLLM-Multi, which has more devices, is left out."""
    our = measured[name]
    said = []
    for other in ("padellm_batch", "pointer", *RIVALS):
        rival = measured.get(other)
        if rival is None or other == name:
            continue
        if rival.mean < our.mean:
            said.append(
                f"One document at a time, {rival.title} is faster than {our.title}: "
                f"{rival.mean:.0f} ms against {our.mean:.0f} ms."
            )
        if rival.throughput > our.throughput:
            said.append(
                f"In its best batch, {rival.title} reads more than {our.title}: "
                f"{rival.throughput:.2f} documents per second against "
                f"{our.throughput:.2f}."
            )
        if rival.scores["strings"]["f"] > our.scores["strings"]["f"]:
            theirs, ours = rival.scores["strings"]["f"], our.scores["strings"]["f"]
            said.append(
                f"{rival.title} is right more often: F {100 * theirs:.1f} against "
                f"{100 * ours:.1f}."
            )
    return said


def share_of_length(measured: Mapping[str, Measurement]) -> dict[str, float]:
    """PaDeLLM's sequence length as a share of each autoregressive system's."""
    our = measured.get("padellm_batch") or measured.get("padellm_multi")
    if our is None:
        return {}
    return {
        measured[name].title: our.scores["length"] / measured[name].scores["length"]
        for name in ("aug", "struct")
        if name in measured
    }
