"""`accuracy`: the paper's table of F, on your machine and your data."""

from pathlib import Path
from typing import Annotated

import typer

from spacy_padellm.bases.weights import DEFAULT_BASE

from .options import Base, Data, Device, Lang, Layers, Passes, Seed, Sets, TrainTexts


def accuracy(
    data: Data,
    sets: Sets = "conll03",
    systems: Annotated[
        str | None,
        typer.Option(
            help="Separated by commas: pointer_shipped, padellm_shipped, "
            "padellm_shipped_calibrated, pointer, pointer_calibrated, padellm, "
            "padellm_calibrated, one_step, struct, aug, spacy_ner. By default all, "
            "without the first three if the shipped adapters do not fit the base."
        ),
    ] = None,
    train: TrainTexts = 3000,
    dev: Annotated[
        int,
        typer.Option(
            min=1, help="Texts that choose spaCy's best ner and the thresholds."
        ),
    ] = 200,
    test: Annotated[
        int, typer.Option(min=0, help="Texts that are scored; 0 is all.")
    ] = 0,
    passes: Passes = 1,
    batch: Annotated[
        int, typer.Option(min=1, help="Texts per step; fewer texts are more steps.")
    ] = 8,
    causal: Annotated[
        bool,
        typer.Option(
            "--causal", help="All formats but Pointer read from left to right."
        ),
    ] = False,
    rate: Annotated[
        float, typer.Option(min=0, help="The highest learning rate of training.")
    ] = 0.001,
    layers: Layers = None,
    seed: Seed = 0,
    base: Base = DEFAULT_BASE,
    device: Device = "auto",
    dtype: Annotated[
        str, typer.Option(help="Training computes in: auto, float32, bfloat16 …")
    ] = "auto",
    lang: Lang = "en",
    work: Annotated[
        Path, typer.Option(help="The folder for corpora and trained pipelines.")
    ] = Path("training/accuracy"),
    output: Annotated[
        Path, typer.Option(help="The folder for accuracy.md and accuracy.json.")
    ] = Path("metrics"),
) -> None:
    """Train all formats and spaCy's ner on the same texts, and score them.

    Finished steps stay in --work, so an interrupted run continues. spaCy's ner makes as
    many passes as its own config says.
    """
    from dataclasses import asdict

    import srsly

    from ..data.corpus import Sizes
    from ..experiments.accuracy import AccuracySettings, AccuracyTable
    from ..pages.tables import accuracy_page
    from ..training.configs import TrainingSettings

    table = AccuracyTable(
        AccuracySettings(
            data=data,
            work=work,
            sets=sets.split(","),
            systems=None if systems is None else systems.split(","),
            sizes=Sizes(train, dev, test, seed),
            training=TrainingSettings(
                base, device, dtype, passes, seed, batch, rate, layers
            ),
            prefix_lm=not causal,
            lang=lang,
        ),
        say=typer.echo,
    )
    table.run()
    page = accuracy_page(table.results, table.titles)
    output.mkdir(parents=True, exist_ok=True)
    (output / "accuracy.md").write_text(page, encoding="utf8")
    srsly.write_json(
        output / "accuracy.json",
        {
            name: {system: asdict(one) for system, one in found.items()}
            for name, found in table.results.items()
        },
    )
    typer.echo(page)
