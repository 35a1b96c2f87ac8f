"""`calibrate`: choose how likely a mention must be to be asked for."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .progress import progress

if TYPE_CHECKING:
    from ..pipeline.calibrating import Trial


def calibrate(
    model: Annotated[
        Path,
        typer.Argument(help="The folder of a trained pipeline.", exists=True),
    ],
    gold: Annotated[
        Path,
        typer.Argument(
            help="A .spacy file, or any file that `convert` reads: texts that were "
            "not trained on."
        ),
    ],
    thresholds: Annotated[
        str, typer.Option(help="To try beside the likeliest count.")
    ] = "0.5,0.4,0.3,0.2",
    limit: Annotated[
        int, typer.Option(min=0, help="At most so many documents, the first; 0 is all.")
    ] = 0,
    pipe: Annotated[
        str | None,
        typer.Option(help="The component, where the pipeline has several."),
    ] = None,
    write: Annotated[
        bool, typer.Option(help="Whether to keep the best in the pipeline's config.")
    ] = True,
) -> None:
    """Try values of `count_threshold` on gold documents, and keep the best."""
    import spacy

    from ..pipeline.calibrating import best_of, try_thresholds
    from ..pipeline.neighbours import find_component
    from ..report.gold import read_gold

    values = [None, *map(float, thresholds.split(","))]
    nlp = spacy.load(model)
    ner = find_component(nlp, pipe)
    examples = read_gold(nlp, gold, limit)
    tried = try_thresholds(nlp, ner, examples, values)
    trials = list(progress(tried, "Reading", len(values)))
    best = best_of(trials)
    print_table(trials, best)
    if write:
        keep_threshold(model / "config.cfg", ner.name, best.threshold)
        typer.echo(f"Wrote count_threshold = {shown(best)} to {model / 'config.cfg'}")


def print_table(trials: Iterable["Trial"], best: "Trial") -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table()
    for title in ("count_threshold", "precision", "recall", "F"):
        table.add_column(title, justify="right")
    for trial in trials:
        shares = (trial.precision, trial.recall, trial.f)
        table.add_row(
            shown(trial),
            *(f"{100 * share:.1f}" for share in shares),
            style="bold" if trial is best else None,
        )
    Console().print(table)


def shown(trial: "Trial") -> str:
    """As a config has it."""
    return "null" if trial.threshold is None else str(trial.threshold)


def keep_threshold(config_file: Path, name: str, threshold: float | None) -> None:
    """Set it in the config of a saved pipeline, and change nothing else."""
    from spacy.util import load_config

    config = load_config(config_file)
    config["components"][name]["format"]["count_threshold"] = threshold
    config.to_disk(config_file)
