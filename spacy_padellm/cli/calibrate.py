"""`calibrate`: choose how likely a mention must be to be asked for."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .options import Limit, Pipe
from .progress import progress

if TYPE_CHECKING:
    from ..pipeline.calibrate import Trial


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
        str | None,
        typer.Option(
            help="With commas between; beside the likeliest count. Some from 0.5 to "
            "0.2 if not given."
        ),
    ] = None,
    limit: Limit = 0,
    pipe: Pipe = None,
    write: Annotated[
        bool, typer.Option(help="Whether to keep the best in the pipeline's config.")
    ] = True,
) -> None:
    """Try values of `count_threshold` on gold documents, and keep the best."""
    import spacy

    from ..pipeline.calibrate import THRESHOLDS, best_of, try_thresholds
    from ..pipeline.find import find_component
    from ..report.gold import read_gold

    values = THRESHOLDS
    if thresholds is not None:
        values = (None, *map(float, thresholds.split(",")))
    nlp = spacy.load(model)
    ner = find_component(nlp, pipe)
    examples = read_gold(nlp, gold, limit)
    tried = try_thresholds(nlp, ner, examples, values)
    trials = list(progress(tried, "Predicting", len(values)))
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
