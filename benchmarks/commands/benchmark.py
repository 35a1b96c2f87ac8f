"""`benchmark`: the paper's comparison, on your machine and your data."""

from pathlib import Path
from typing import Annotated

import typer

from spacy_padellm.bases.weights import DEFAULT_BASE
from spacy_padellm.cli.progress import progress

from .options import (
    DEFAULT_WORK,
    Base,
    Data,
    Lang,
    Layers,
    Passes,
    Seed,
    Sets,
    TrainTexts,
    numbers,
)

DEFAULT_SYSTEMS = (
    "padellm_batch,padellm_multi,pointer,one_step,struct,aug,struct_generate,"
    "aug_generate,official"
)


def benchmark(
    data: Data,
    sets: Sets = "conll03",
    systems: Annotated[
        str, typer.Option(help="The systems, separated by commas.")
    ] = DEFAULT_SYSTEMS,
    train: TrainTexts = 3000,
    dev: Annotated[
        int, typer.Option(min=1, help="Texts that are scored after training.")
    ] = 32,
    test: Annotated[
        int, typer.Option(min=0, help="Texts that are measured; 0 is all.")
    ] = 200,
    passes: Passes = 1,
    layers: Layers = None,
    seed: Seed = 0,
    base: Base = DEFAULT_BASE,
    devices: Annotated[
        str,
        typer.Option(
            help="auto, cpu or cuda:0; several, such as cuda:0,cuda:1, are replicas "
            "for PaDeLLM-Multi."
        ),
    ] = "auto",
    batch_tokens: Annotated[
        str, typer.Option(help="Batch sizes to try, in padded tokens of texts.")
    ] = "512,1024,2048,4096",
    lang: Lang = "en",
    work: Annotated[
        Path, typer.Option(help="The folder for corpora, adapters and measurements.")
    ] = DEFAULT_WORK,
    output: Annotated[
        Path,
        typer.Option(help="The folder for the page, its plots and benchmark.json."),
    ] = Path("metrics"),
) -> None:
    """Train and measure PaDeLLM and the systems it is compared with; write a page.

    Finished steps stay in --work, so an interrupted run continues.
    """
    import srsly

    from ..data.corpus import Sizes
    from ..experiments.benchmark import Benchmark, BenchmarkSettings
    from ..pages.bars import draw_bars
    from ..pages.benchmark_page import write_benchmark_page
    from ..training.configs import TrainingSettings

    first, *_ = names = devices.split(",")
    settings = BenchmarkSettings(
        data=data,
        work=work,
        sets=sets.split(","),
        systems=systems.split(","),
        sizes=Sizes(train, dev, test, seed),
        training=TrainingSettings(base, first, passes=passes, seed=seed, layers=layers),
        batch_tokens=numbers(batch_tokens),
        devices=names,
        lang=lang,
    )
    run = Benchmark(settings, say=typer.echo, progress=progress)
    run.run()
    output.mkdir(parents=True, exist_ok=True)
    srsly.write_json(output / "benchmark.json", run.to_dict())
    titles = {name: corpus.title for name, corpus in run.corpora.items()}
    for name, measured in run.results.items():
        draw_bars(output, name, titles[name], measured)
    page = output / "benchmark.md"
    write_benchmark_page(page, run.to_dict(), run.results, titles)
    typer.echo(f"Wrote {page}")
