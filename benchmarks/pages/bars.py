"""The benchmark's plots, each as SVG and PNG."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from . import paper
from .comparisons import AUTOREGRESSIVE, OURS, speedups
from .measure import Measurement
from .systems import SYSTEMS

OUR_COLOUR, RIVAL_COLOUR, PAPER_COLOUR = "#2b6cb0", "#a0aec0", "#ed8936"


def draw_plots(
    folder: Path, name: str, title: str, measured: Mapping[str, Measurement]
) -> list[Path]:
    """NAME-speedup, NAME-latency and NAME-length; the files written."""
    folder.mkdir(parents=True, exist_ok=True)
    figures = {
        "speedup": _speedup(title, measured),
        "latency": _latency(title, measured),
        "length": _length(title, measured),
    }
    files = []
    for kind, figure in figures.items():
        for ending in ("svg", "png"):
            files.append(folder / f"{name}-{kind}.{ending}")
            figure.savefig(files[-1], dpi=120)
    return files


def _speedup(title: str, measured: Mapping[str, Measurement]) -> Figure:
    """As the paper's Figure 3: its bars beside ours."""
    found = [s for s in speedups(title, measured) if s.slow in AUTOREGRESSIVE]
    names = [f"{SYSTEMS[s.slow].title}\n÷ {SYSTEMS[s.fast].title}" for s in found]
    figure, axes = _axes(f"{title}: times faster, one document at a time", len(found))
    places = range(len(found))
    here = axes.barh(
        [place + 0.2 for place in places],
        [speedup.median for speedup in found],
        height=0.36,
        color=OUR_COLOUR,
        label="here, median ratio",
    )
    axes.bar_label(here, fmt="%.2f", padding=3)
    published = axes.barh(
        [place - 0.2 for place in places],
        [speedup.published or 0.0 for speedup in found],
        height=0.36,
        color=PAPER_COLOUR,
        label="paper, 7B on an A100",
    )
    figures = [f"{s.published:.2f}" if s.published else "" for s in found]
    axes.bar_label(published, labels=figures, padding=3)
    axes.set_yticks(list(places), names)
    axes.axvline(1, color="black", linewidth=0.8)
    if found:
        axes.legend(loc="best")
    return figure


def _latency(title: str, measured: Mapping[str, Measurement]) -> Figure:
    figure, axes = _axes(f"{title}: ms a document, one at a time", len(measured))
    names, done = list(measured), list(measured.values())
    bars = axes.barh(
        [one.title for one in done],
        [one.mean for one in done],
        color=[OUR_COLOUR if name in OURS else RIVAL_COLOUR for name in names],
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
    """A system and its run by `generate` write the same: one bar for both."""
    shown: dict[str, float] = {}
    for name in ("padellm_batch", "padellm_multi", "one_step", "struct", "aug"):
        if name in measured:
            shown[SYSTEMS[name].format] = measured[name].scores["length"]
    figure, axes = _axes(f"{title}: generated tokens a sequence", len(shown))
    here = axes.barh(
        [place + 0.2 for place in range(len(shown))],
        list(shown.values()),
        height=0.36,
        color=OUR_COLOUR,
        label="here",
    )
    axes.bar_label(here, fmt="%.1f", padding=3)
    published = [paper.LENGTH.get(format, {}).get(title) for format in shown]
    there = axes.barh(
        [place - 0.2 for place in range(len(shown))],
        [length or 0.0 for length in published],
        height=0.36,
        color=PAPER_COLOUR,
        label="paper",
    )
    axes.bar_label(
        there, labels=[f"{n:.1f}" if n else "" for n in published], padding=3
    )
    axes.set_yticks(range(len(shown)), _titles(shown))
    if shown:
        axes.legend(loc="best")
    return figure


def _titles(formats: Sequence[str] | Mapping[str, float]) -> list[str]:
    titles = {"padellm": "PaDeLLM", "one_step": "OneStep"}
    return [titles.get(format, f"AutoReg {format}") for format in formats]


def _axes(title: str, n_bars: int) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(8, 1.4 + 0.6 * max(n_bars, 1)), layout="constrained")
    axes = figure.subplots()
    axes.set_title(title, loc="left")
    axes.spines[["top", "right"]].set_visible(False)
    axes.margins(x=0.12)
    axes.invert_yaxis()
    return figure, axes
