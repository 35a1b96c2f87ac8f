"""`calibrate`: choose the threshold of a format."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..settings import check_keys
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
            "0.15, or for PaDeLLM from 0.5 to 0.2 and the likeliest count, which is "
            "always tried."
        ),
    ] = None,
    by_label: Annotated[
        bool,
        typer.Option(
            "--by-label", help="Choose one for each label. Only for the format Pointer."
        ),
    ] = False,
    beta: Annotated[
        float,
        typer.Option(
            min=0.1, help="How many times as much as precision recall counts in F."
        ),
    ] = 1.0,
    covered: Annotated[
        float | None,
        typer.Option(
            min=0.0,
            max=1.0,
            help="For redaction: only choose a threshold with which entities cover at "
            "least this share of the gold entities, whatever their labels.",
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

    from ..errors import Errors
    from ..pipeline.calibrate import (
        best_covering,
        best_of,
        calibration_of,
        scoring_once,
        try_by_label,
        try_thresholds,
    )
    from ..pipeline.find import find_component
    from ..report.gold import read_gold

    nlp = spacy.load(model)
    ner = find_component(nlp, pipe)
    known = calibration_of(ner, by_label=by_label)
    values = known.values
    if thresholds is not None:
        values = (*known.always, *map(float, thresholds.split(",")))
    examples = read_gold(nlp, gold, limit, ner.gold_key)
    with scoring_once(ner):
        tried = try_thresholds(nlp, ner, examples, values, by_label=by_label)
        trials = list(progress(tried, "Predicting", len(values)))
        if by_label:
            trials.append(try_by_label(nlp, ner, examples, trials, beta))
    own = getattr(ner.format, known.setting)
    best = best_of(trials, beta, own=own)
    if covered is not None:
        if best.covered is None:
            number = len(examples)
            raise ValueError(Errors.E445.format(number=number, score="ents_covered"))
        best = best_covering(trials, covered, beta, own=own)
        if best.covered < covered:
            typer.echo(
                f"No value covers {covered:.1%} of the gold entities, but at most "
                f"{best.covered:.1%}."
            )
    print_table(known.setting, trials, best, beta)
    if write and not best.f(beta):
        typer.echo(f"No value finds a right entity, so {known.setting} stays as it is.")
    elif write:
        settings = {known.setting: best.threshold}
        if by_label:
            settings["thresholds"] = dict(best.thresholds)
        keep(model, ner.name, settings)
        config = model / "config.cfg"
        typer.echo(f"Wrote {known.setting} = {shown(best)} to {config}")
    kept = dict(ner.format.thresholds)
    if kept and not by_label:
        typer.echo(f"These labels keep thresholds of their own: {named(kept)}")


def print_table(
    setting: str, trials: Iterable["Trial"], best: "Trial", beta: float
) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table()
    of_f = "F" if beta == 1 else f"F{beta:g}"
    for title in (setting, "precision", "recall", of_f, "covered"):
        table.add_column(title, justify="right")
    for trial in trials:
        shares = (trial.precision, trial.recall, trial.f(beta), trial.covered)
        table.add_row(
            shown(trial),
            *("" if share is None else f"{100 * share:.1f}" for share in shares),
            style="bold" if trial is best else None,
        )
    Console().print(table)


def shown(trial: "Trial") -> str:
    """Format the threshold as in a config."""
    if trial.threshold is None:
        return "null"
    own = named(trial.thresholds)
    return f"{trial.threshold}, {own}" if own else str(trial.threshold)


def named(thresholds: Mapping[str, float]) -> str:
    return ", ".join(f"{label} {value}" for label, value in thresholds.items())


def keep(model: Path, name: str, settings: Mapping[str, Any]) -> None:
    """Set settings of the component's format in the config of a saved pipeline. What
    was saved of them with the component no longer counts.

    Raises ValueError (E818) for a label that cannot be a key there.
    """
    from spacy.util import load_config

    from ..pipeline.saving import forget_settings

    check_keys("thresholds", settings.get("thresholds"))
    path = model / "config.cfg"
    config = load_config(path)
    config["components"][name]["format"].update(settings)
    saved = forget_settings(model / name, [f"format.{one}" for one in settings])
    replace_files({path: config.to_str(), **saved})
