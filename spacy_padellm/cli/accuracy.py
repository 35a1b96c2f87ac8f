"""`accuracy`: the paper's table of F, on your machine and your data."""

from pathlib import Path
from typing import Annotated

import typer


def accuracy(
    data: Annotated[
        Path,
        typer.Option(help="A folder with a folder a set: train.*, dev.*, test.*"),
    ],
    sets: Annotated[
        str, typer.Option(help="The sets' folders, with commas between.")
    ] = "conll03",
    systems: Annotated[
        str, typer.Option(help="The systems, with commas between.")
    ] = "padellm,one_step,struct,aug,spacy_ner",
    train: Annotated[
        int, typer.Option(min=0, help="Training texts of a set; 0 is all.")
    ] = 3000,
    dev: Annotated[
        int, typer.Option(min=1, help="Texts by which spaCy's ner chooses its best.")
    ] = 200,
    test: Annotated[
        int, typer.Option(min=0, help="Texts that are scored; 0 is all.")
    ] = 0,
    passes: Annotated[
        int, typer.Option(min=1, help="Passes over the texts; spaCy's ner has its own.")
    ] = 1,
    causal: Annotated[
        bool, typer.Option("--causal", help="Texts are read from left to right only.")
    ] = False,
    seed: Annotated[int, typer.Option(help="Draws the texts, and trains.")] = 0,
    base: Annotated[
        str, typer.Option(help="The base model: a name, folder or hub id.")
    ] = "smollm2-135m-instruct",
    device: Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:1 …")] = "auto",
    dtype: Annotated[
        str, typer.Option(help="That training computes in: auto, float32, bfloat16 …")
    ] = "auto",
    lang: Annotated[
        str, typer.Option(help="Of sets that are not among the paper's.")
    ] = "en",
    work: Annotated[
        Path, typer.Option(help="Where corpora and trained pipelines are kept.")
    ] = Path("training/accuracy"),
    output: Annotated[
        Path, typer.Option(help="For accuracy.md and accuracy.json.")
    ] = Path("metrics"),
) -> None:
    """Train the formats alike, and spaCy's ner on the same texts; score them all.

    What is trained is kept in --work: an interrupted run goes on with the next system.
    """
    from dataclasses import asdict

    import srsly

    from ..benchmarks.accuracy import AccuracySettings, AccuracyTable, page
    from ..benchmarks.corpus import Sizes
    from ..benchmarks.training import TrainingSettings

    table = AccuracyTable(
        AccuracySettings(
            data=data,
            work=work,
            sets=sets.split(","),
            systems=systems.split(","),
            sizes=Sizes(train, dev, test, seed),
            training=TrainingSettings(base, device, dtype, passes, seed),
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
