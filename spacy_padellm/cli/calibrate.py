"""`calibrate`: choose the threshold of a format."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..writing import replace_files
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
            help="A .spacy file, or any file that `convert` can read. Do not use "
            "training texts."
        ),
    ],
    thresholds: Annotated[
        str | None,
        typer.Option(
            help="Thresholds to try, with commas. The default has values from 0.6 to "
            "0.15. For PaDeLLM, the most likely count is tried too."
        ),
    ] = None,
    limit: Limit = 0,
    pipe: Pipe = None,
    write: Annotated[
        bool, typer.Option(help="Write the best value to the pipeline's config.")
    ] = True,
) -> None:
    """Try values of the format's threshold on gold documents, and keep the best one."""
    import spacy

    from ..pipeline.calibrate import best_of, threshold_of, try_thresholds
    from ..pipeline.find import find_component
    from ..report.gold import read_gold

    nlp = spacy.load(model)
    ner = find_component(nlp, pipe)
    known = threshold_of(ner)
    values = known.values
    if thresholds is not None:
        values = (*known.always, *map(float, thresholds.split(",")))
    examples = read_gold(nlp, gold, limit)
    tried = try_thresholds(nlp, ner, examples, values)
    trials = list(progress(tried, "Predicting", len(values)))
    best = best_of(trials)
    print_table(known.setting, trials, best)
    if write:
        config = model / "config.cfg"
        keep_threshold(config, ner.name, known.setting, best.threshold)
        typer.echo(f"Wrote {known.setting} = {shown(best)} to {config}")


def print_table(setting: str, trials: Iterable["Trial"], best: "Trial") -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table()
    for title in (setting, "precision", "recall", "F"):
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
    """Format the threshold as in a config."""
    return "null" if trial.threshold is None else str(trial.threshold)


def keep_threshold(
    config_file: Path, name: str, setting: str, threshold: float | None
) -> None:
    """Set the threshold of the component `name` in a config file, which is replaced as
    a whole."""
    from spacy.util import load_config

    config = load_config(config_file)
    config["components"][name]["format"][setting] = threshold
    replace_files({config_file: config.to_str()})
