"""`accuracy`: the paper's table of F, on your machine and your data."""

from pathlib import Path
from typing import Annotated

import typer

from spacy_padellm.bases.weights import DEFAULT_BASE

from .comparing import Base, Data, Lang, Passes, Seed, Sets, TrainTexts


def accuracy(
    data: Data,
    sets: Sets = "conll03",
    systems: Annotated[
        str | None,
        typer.Option(
            help="With commas between; padellm_shipped,padellm_shipped_calibrated,"
            "padellm,padellm_calibrated,one_step,struct,aug,spacy_ner where the base "
            "has a shipped adapter, else without the first two."
        ),
    ] = None,
    train: TrainTexts = 3000,
    dev: Annotated[
        int,
        typer.Option(
            min=1, help="Texts by which spaCy's ner and count_threshold are chosen."
        ),
    ] = 200,
    test: Annotated[
        int, typer.Option(min=0, help="Texts that are scored; 0 is all.")
    ] = 0,
    passes: Passes = 1,
    batch: Annotated[
        int, typer.Option(min=1, help="Texts of a step: fewer are more steps.")
    ] = 8,
    causal: Annotated[
        bool, typer.Option("--causal", help="Texts are read from left to right only.")
    ] = False,
    seed: Seed = 0,
    base: Base = DEFAULT_BASE,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:1 …")] = "auto",
    dtype: Annotated[
        str, typer.Option(help="That training computes in: auto, float32, bfloat16 …")
    ] = "auto",
    lang: Lang = "en",
    work: Annotated[
        Path, typer.Option(help="Where corpora and trained pipelines are kept.")
    ] = Path("training/accuracy"),
    output: Annotated[
        Path, typer.Option(help="For accuracy.md and accuracy.json.")
    ] = Path("metrics"),
) -> None:
    """Train the formats alike, and spaCy's ner on the same texts; score them all.

    What is trained is kept in --work: an interrupted run goes on with the next system.
    spaCy's ner makes as many passes as its own config says.
    """
    from dataclasses import asdict

    import srsly

    from ..accuracy import AccuracySettings, AccuracyTable, page
    from ..corpus import Sizes
    from ..training import TrainingSettings

    table = AccuracyTable(
        AccuracySettings(
            data=data,
            work=work,
            sets=sets.split(","),
            systems=None if systems is None else systems.split(","),
            sizes=Sizes(train, dev, test, seed),
            training=TrainingSettings(base, device, dtype, passes, seed, batch),
            prefix_lm=not causal,
            lang=lang,
        ),
        say=typer.echo,
    )
    table.run()
    written = page(table.results, table.titles)
    output.mkdir(parents=True, exist_ok=True)
    (output / "accuracy.md").write_text(written, encoding="utf8")
    srsly.write_json(
        output / "accuracy.json",
        {
            name: {system: asdict(one) for system, one in found.items()}
            for name, found in table.results.items()
        },
    )
    typer.echo(written)
