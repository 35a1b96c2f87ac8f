"""The bar charts of the command `benchmark`."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ..measuring.measurement import Measurement
from ..systems.registry import SYSTEMS
from . import paper
from .figures import BLUE, GREY, ORANGE, save
from .speedups import AUTOREGRESSIVE, OURS, speedups

FORMAT_TITLES = {"padellm": "PaDeLLM", "pointer": "Pointer", "one_step": "OneStep"}


def draw_bars(
    folder: Path, name: str, title: str, measured: Mapping[str, Measurement]
) -> list[Path]:
    """Draw NAME-speedup, NAME-latency and NAME-length; the files written."""
    figures = {
        "speedup": _speedup(title, measured),
        "latency": _latency(title, measured),
        "length": _length(title, measured),
    }
    return [
        file
        for kind, figure in figures.items()
        for file in save(figure, folder / f"{name}-{kind}")
    ]


def _speedup(title: str, measured: Mapping[str, Measurement]) -> Figure:
    """The paper's Figure 3, with our bars beside the paper's."""
    found = [s for s in speedups(title, measured) if s.slow in AUTOREGRESSIVE]
    names = [f"{SYSTEMS[s.slow].title}\n÷ {SYSTEMS[s.fast].title}" for s in found]
    figure, axes = _axes(f"{title}: times as fast, one document at a time", len(found))
    _beside_paper(
        axes,
        names,
        [speedup.median for speedup in found],
        [speedup.published for speedup in found],
        ("here, median ratio", "paper, 7B on an A100"),
        "%.2f",
    )
    axes.axvline(1, color="black", linewidth=0.8)
    return figure


def _latency(title: str, measured: Mapping[str, Measurement]) -> Figure:
    figure, axes = _axes(f"{title}: ms per document, one at a time", len(measured))
    names, done = list(measured), list(measured.values())
    bars = axes.barh(
        [one.title for one in done],
        [one.mean for one in done],
        color=[BLUE if name in OURS else GREY for name in names],
    )
    axes.bar_label(bars, fmt="%.0f", padding=3)
    axes.plot(
        [one.percentile(95) for one in done],
        [one.title for one in done],
        "|",
        color="black",
        markersize=14,
        label="95% of documents",
    )
    axes.legend(loc="best")
    return figure


def _length(title: str, measured: Mapping[str, Measurement]) -> Figure:
    """One bar for each format: with `generate`, a format writes the same. Pointer's is
    0: it generates nothing."""
    shown: dict[str, float] = {}
    for name in (*OURS, "one_step", "struct", "aug"):
        if name in measured:
            shown[SYSTEMS[name].format] = measured[name].scores["length"]
    figure, axes = _axes(f"{title}: generated tokens per sequence", len(shown))
    _beside_paper(
        axes,
        [FORMAT_TITLES.get(format, f"AutoReg {format}") for format in shown],
        list(shown.values()),
        [paper.LENGTH.get(format, {}).get(title) for format in shown],
        ("here", "paper"),
        "%.1f",
    )
    return figure


def _beside_paper(
    axes: Axes,
    names: Sequence[str],
    ours: Sequence[float],
    published: Sequence[float | None],
    labels: tuple[str, str],
    number: str,
) -> None:
    """Draw our bars above the paper's, where it has a figure."""
    places = range(len(names))
    here = axes.barh(
        [place + 0.2 for place in places],
        ours,
        height=0.36,
        color=BLUE,
        label=labels[0],
    )
    axes.bar_label(here, fmt=number, padding=3)
    there = axes.barh(
        [place - 0.2 for place in places],
        [figure or 0.0 for figure in published],
        height=0.36,
        color=ORANGE,
        label=labels[1],
    )
    figures = [number % figure if figure else "" for figure in published]
    axes.bar_label(there, labels=figures, padding=3)
    axes.set_yticks(places, names)
    if names:
        axes.legend(loc="best")


def _axes(title: str, n_bars: int) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(8, 1.4 + 0.6 * max(n_bars, 1)), layout="constrained")
    axes = figure.subplots()
    axes.set_title(title, loc="left")
    axes.spines[["top", "right"]].set_visible(False)
    axes.margins(x=0.12)
    axes.invert_yaxis()
    return figure, axes
