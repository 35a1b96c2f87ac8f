"""`gpu`: large models with random weights, against the limits of the machine."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from .options import Rounds, numbers


def gpu(
    device: Annotated[str, typer.Option(help="cuda, cuda:1, cpu …")] = "cuda",
    dtype: Annotated[str, typer.Option(help="bfloat16 or float32.")] = "bfloat16",
    shapes: Annotated[
        str, typer.Option(help="1B, 7B or tiny; separated by commas.")
    ] = "1B,7B",
    tiny: Annotated[
        bool, typer.Option("--tiny", help="Rehearse with a tiny model, in seconds.")
    ] = False,
    graphs: Annotated[
        bool, typer.Option("--graphs", help="See the component's cuda_graphs.")
    ] = False,
    alone: Annotated[
        int, typer.Option(min=1, help="Texts that are read one at a time.")
    ] = 50,
    batch_texts: Annotated[
        str, typer.Option(help="Numbers of texts in a batch; the best one counts.")
    ] = "16,64,256",
    rounds: Rounds = 5,
    output: Annotated[Path, typer.Option(help="The folder for gpu.json.")] = Path(
        "metrics/gpu"
    ),
) -> None:
    """Compare latency and throughput with the machine's bandwidth and matrix products.

    Needs no spaCy, no checkpoint and no network.
    """
    import json

    import torch

    from ..errors import check_names
    from ..experiments.gpu import GPUSettings, check_device, measure_models
    from ..systems.random_models import SHAPES

    check_device(device)
    check_names("dtype", [dtype], ["float32", "bfloat16"])
    chosen = ["tiny"] if tiny else shapes.split(",")
    check_names("shape", chosen, SHAPES)
    settings = GPUSettings(
        torch.device(device),
        getattr(torch, dtype),
        chosen,
        graphs,
        3 if tiny else alone,
        [4, 8] if tiny else numbers(batch_texts),
        1 if tiny else rounds,
    )
    run = measure_models(settings)
    output.mkdir(parents=True, exist_ok=True)
    text = json.dumps(run, indent=2)
    (output / "gpu.json").write_text(text + "\n", encoding="utf8")
    typer.echo(f"copies {run['copy_gb_a_second']:.0f} GB per second")
    for shape, done in run["shapes"].items():
        _report(shape, done)


def _report(shape: str, done: Mapping[str, Any]) -> None:
    typer.echo(
        f"{shape}, {done['weights_gb']:.2f} GB of weights: a text alone takes "
        f"{done['ms_alone']:.1f} ms in {done['passes_alone']:.1f} passes, "
        f"{done['times_the_least']:.2f} times the time to read the weights; "
        f"`generate` takes {done['generate_ratio']:.2f} times as long"
    )
    for n_texts, one in done["batches"].items():
        typer.echo(
            f"    {n_texts:4} texts at once: {one['docs_a_second']:7.1f} per second, "
            f"{100 * one['share_of_peak']:3.0f}% of the best matrix product, "
            f"{one['padded_over_real']:.2f} padded ÷ real tokens"
        )
