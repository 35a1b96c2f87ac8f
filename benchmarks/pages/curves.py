"""Curves of a cost against what it depends on, each as SVG and PNG."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

COLOURS = ("#2b6cb0", "#ed8936", "#a0aec0", "#38a169")


@dataclass(frozen=True, slots=True)
class Line:
    """y = slope x + intercept, as near to the points as a line can be; r2: the share of
    y's variance that it explains."""

    slope: float
    intercept: float
    r2: float

    @classmethod
    def through(cls, x: Sequence[float], y: Sequence[float]) -> "Line":
        slope, intercept = np.polyfit(x, y, 1)
        left = np.var(np.subtract(y, np.polyval((slope, intercept), x)))
        r2 = 1 - left / np.var(y) if np.var(y) else 1.0
        return cls(float(slope), float(intercept), float(r2))


def draw(
    path: Path,
    title: str,
    x_label: str,
    panels: Mapping[str, Mapping[str, tuple[Sequence[float], Sequence[float]]]],
) -> None:
    """Draw PATH.svg and PATH.png.

    panels: what is on the y axis → name of a curve → its x and y.
    """
    figure = Figure(figsize=(4.2 * len(panels), 3.4), layout="constrained")
    figure.suptitle(title, x=0.02, ha="left")
    every_axes = figure.subplots(1, len(panels), squeeze=False)[0]
    for axes, (y_label, curves) in zip(every_axes, panels.items(), strict=True):
        for colour, (name, (x, y)) in zip(COLOURS, curves.items(), strict=False):
            axes.plot(x, y, "o-", color=colour, label=name, markersize=4)
        axes.set_xlabel(x_label)
        axes.set_ylabel(y_label)
        axes.set_xlim(left=0)
        axes.set_ylim(bottom=0)
        axes.spines[["top", "right"]].set_visible(False)
        if len(curves) > 1:
            axes.legend(frameon=False)
    path.parent.mkdir(parents=True, exist_ok=True)
    for ending in ("svg", "png"):
        figure.savefig(path.with_suffix(f".{ending}"), dpi=120)
