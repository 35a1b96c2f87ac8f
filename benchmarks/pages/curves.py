"""Curves of a cost against the thing that it depends on."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from .figures import COLOURS, save

UNITS = {"text length": "words", "mentions": "people named"}


def draw_curves(
    path: Path,
    title: str,
    x_label: str,
    panels: Mapping[str, Mapping[str, tuple[Sequence[float], Sequence[float]]]],
) -> list[Path]:
    """Draw PATH.svg and PATH.png; the files written.

    panels: label of the y axis → name of a curve → its x and y.
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
    return save(figure, path)


def draw_cost(folder: Path, axis: str, points: Sequence[Mapping[str, Any]]) -> None:
    """Draw the points of one axis of `measure_cost`."""
    here = [point for point in points if point["axis"] == axis]

    def curve(name: str) -> tuple[list[float], list[float]]:
        return [point["x"] for point in here], [point[name] for point in here]

    in_total = axis == "documents"
    time = {"measured": curve("seconds" if in_total else "ms")}
    draw_curves(
        folder / f"cost-{axis.replace(' ', '-')}",
        f"Cost against {axis}",
        UNITS.get(axis, axis),
        {
            "seconds" if in_total else "ms per document": time,
            "tokens per document": {
                "real": curve("tokens"),
                "with padding": curve("padded"),
            },
            "per document": {
                "passes": curve("passes"),
                "mentions found": curve("mentions"),
            },
        },
    )
