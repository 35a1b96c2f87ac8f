"""The plot of the report, as SVG inside of the page."""

import io

import matplotlib
from markupsafe import Markup
from matplotlib.figure import Figure

from .curve import Curve

LINES = (("precision", "p", "--"), ("recall", "r", ":"), ("F1", "f", "-"))
# readable on white and on black
COLOURS = {"precision": "#3b82c4", "recall": "#d9772b", "F1": "#2f9e63"}


def draw_curve(curve: Curve) -> Markup:
    """Plot precision, recall and F1 (0 to 1) over the threshold. Black becomes the text
    colour of the page, and text stays text."""
    figure = Figure(figsize=(7, 3.4), layout="constrained")
    axes = figure.subplots()
    thresholds = [point.threshold for point in curve.points]
    # a point is valid from the previous score, exclusive, to its own score
    if 0 <= thresholds[0] and thresholds[-1] <= 1:
        axes.set_xlim(0, 1)
        first = [0.0]
    else:
        first = thresholds[:1]
    for name, attribute, style in LINES:
        values = [getattr(point.scores, attribute) for point in curve.points]
        axes.step(
            first + thresholds,
            values[:1] + values,
            style,
            where="pre",
            label=name,
            color=COLOURS[name],
        )
    axes.axvline(curve.best.threshold, color="black", linewidth=0.6)
    axes.set_ylim(0, 1.02)
    axes.set_xlabel("threshold: entities below this score are dropped")
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(loc="lower left", frameon=False)
    # without a salt, the ids would differ between runs
    settings = {"svg.fonttype": "none", "svg.hashsalt": "spacy_padellm"}
    with matplotlib.rc_context(settings):
        file = io.StringIO()
        figure.savefig(file, format="svg", transparent=True, metadata={"Date": None})
    svg = file.getvalue()
    return Markup(svg[svg.index("<svg") :].replace("#000000", "currentColor"))
