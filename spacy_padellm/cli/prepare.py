"""`prepare`: a config and its corpora as a folder to train from where spaCy is not."""

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from .progress import progress

# As `spacy train`, it takes overrides of the config as options.
CONTEXT = {"allow_extra_args": True, "ignore_unknown_options": True}


def prepare(
    ctx: typer.Context,
    config: Annotated[
        Path,
        typer.Argument(
            help="A config of `spacy train`; --paths.train FILE and the like override "
            "what it says.",
            exists=True,
            dir_okay=False,
        ),
    ],
    output: Annotated[Path, typer.Argument(help="The folder to write.")],
    skip_unknown_labels: Annotated[
        bool,
        typer.Option(
            "--skip-unknown-labels",
            help="Leave out entities of labels that the config does not name.",
        ),
    ] = False,
    code: Annotated[
        Path | None,
        typer.Option(help="A Python file to import first: registered functions."),
    ] = None,
) -> None:
    """Do all of `spacy train` that needs spaCy; no GPU and no base model is needed.

    The folder is then trained from with `python -m spacy_padellm.training`, see
    docs/gpu.md.
    """
    from spacy.cli._util import import_code, parse_config_overrides
    from spacy.util import load_config

    from ..training.data_checks import SplitCounts, counted
    from ..training.gold_file import GoldSet
    from ..training.prepare import prepare

    for option in ctx.args:
        if option.startswith("--") and "." not in option:
            raise typer.BadParameter(f"No such option: {option}")
    overrides = parse_config_overrides(ctx.args)
    import_code(code)
    loaded = load_config(config, overrides=overrides, interpolate=False)
    prepared, summary = prepare(
        loaded,
        skip_unknown_labels=skip_unknown_labels,
        progress=partial(progress, title="Preparing"),
    )
    prepared.write(output)

    def show(split: SplitCounts, gold: GoldSet) -> None:
        tokens = [len(tree) for tree in gold.trees]
        typer.echo(
            f"{split.name}: {split.n_docs:,} docs, {len(gold):,} windows with "
            f"{sum(tokens):,} tokens, {max(tokens):,} in the longest; entities: "
            f"{counted(split.entities)}"
        )

    for warning in summary.warnings:
        typer.secho(f"⚠ {warning}", fg="yellow", err=True)
    show(summary.train, prepared.train)
    show(summary.dev, prepared.dev)
    start = "the adapter in it" if prepared.adapter else "a new adapter"
    typer.echo(f"Wrote {output}: {len(prepared.steps):,} steps from {start}")
