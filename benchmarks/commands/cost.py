"""`cost`: the cost of text length, labels, mentions, batch size and documents."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from spacy_padellm.cli.progress import progress

from .options import DEFAULT_WORK, Cores, Device, Rounds, Set, Work, numbers


def cost(
    work: Work = DEFAULT_WORK,
    set_name: Set = "conll03",
    format: Annotated[
        str, typer.Option(help="padellm, pointer, one_step, struct or aug.")
    ] = "padellm",
    device: Device = "cpu",
    cores: Cores = 2,
    text_length: Annotated[
        str, typer.Option(help="Words of a text, separated by commas.")
    ] = "8,16,32,48,64,96",
    labels: Annotated[str, typer.Option(help="Numbers of labels.")] = "1,2,4,8,16,32",
    mentions: Annotated[
        str, typer.Option(help="Numbers of people named in a text of 64 words.")
    ] = "0,1,2,4,8,12",
    batch_size: Annotated[
        str, typer.Option(help="Numbers of documents in a batch.")
    ] = "1,2,4,8,16,32,64",
    documents: Annotated[
        str, typer.Option(help="Numbers of documents in a stream.")
    ] = "25,50,100,200,400",
    rounds: Rounds = 5,
    batch_tokens: Annotated[
        int, typer.Option(min=1, help="Padded tokens in a batch, for --documents.")
    ] = 4096,
    output: Annotated[
        Path, typer.Option(help="The folder for cost.json and the plots.")
    ] = Path("metrics/cost"),
) -> None:
    """Vary one thing at a time, and draw what it costs; an empty list skips it.

    Needs the pipeline that `benchmark` trains.
    """
    import srsly

    from ..errors import check_names
    from ..experiments.cost import measure_cost
    from ..machine.environment import use_cores
    from ..pages.curves import draw_cost
    from ..training.formats import FORMATS
    from ..training.train import load_component
    from ..workspace import SetFolder

    check_names("format", [format], FORMATS)
    use_cores(cores)
    folder = SetFolder(work, set_name)
    ner = load_component(folder.pipeline(format), device=device)
    axes = {
        "text length": numbers(text_length),
        "labels": numbers(labels),
        "mentions": numbers(mentions),
        "batch size": numbers(batch_size),
        "documents": numbers(documents),
    }
    run = measure_cost(
        ner,
        folder.test_docs(ner.vocab),
        axes,
        rounds=rounds,
        batch_tokens=batch_tokens,
        progress=progress,
    )
    output.mkdir(parents=True, exist_ok=True)
    srsly.write_json(output / "cost.json", run)
    for axis, values in axes.items():
        if values:
            draw_cost(output, axis, run["points"])
    _report(run)


def _report(run: Mapping[str, Any]) -> None:
    typer.echo(f"best matrix product: {run['peak_gflops']:.0f} GFLOP/s")
    for one in run["points"]:
        typer.echo(
            f"{one['axis']:12} {one['x']:4}: {one['ms']:7.1f} ms per document, "
            f"{one['tokens']:6.1f} tokens ({one['padded']:6.1f} with padding), "
            f"{one['passes']:5.2f} passes, {one['mentions']:5.2f} mentions, "
            f"{100 * one['share_of_peak']:3.0f}% of the peak"
        )
    for axis in ("text length", "documents"):
        if axis in run["lines"]:
            share = 100 * run["lines"][axis]["r2"]
            typer.echo(f"{axis}: a straight line explains {share:.1f}%")
