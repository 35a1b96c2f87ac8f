"""What all plots have in common: colours, and files as SVG and PNG."""

from pathlib import Path

from matplotlib.figure import Figure

BLUE, ORANGE, GREY, GREEN = COLOURS = ("#2b6cb0", "#ed8936", "#a0aec0", "#38a169")


def save(figure: Figure, path: Path) -> list[Path]:
    """Write PATH.svg and PATH.png; the files written."""
    path.parent.mkdir(parents=True, exist_ok=True)
    files = [path.with_name(f"{path.name}.{ending}") for ending in ("svg", "png")]
    for file in files:
        figure.savefig(file, dpi=120)
    return files
