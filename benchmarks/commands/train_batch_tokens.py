"""`train_batch_tokens`: training speed for different sizes of a microbatch."""

from typing import Annotated

import typer

from spacy_padellm.bases.weights import DEFAULT_BASE

from .options import Base, Rounds, numbers


def train_batch_tokens(
    sizes: Annotated[
        str, typer.Option(help="Padded tokens in a microbatch, separated by commas.")
    ] = "256,512,1024,2048",
    dtypes: Annotated[
        str, typer.Option(help="The numbers of the base, separated by commas.")
    ] = "float32,bfloat16",
    docs: Annotated[int, typer.Option(min=1, help="Workshop tickets per round.")] = 32,
    rounds: Rounds = 3,
    base: Base = DEFAULT_BASE,
) -> None:
    """Measure the training speed for each size, in alternating rounds."""
    from ..experiments.train_batch_tokens import training_speeds

    speeds = training_speeds(numbers(sizes), dtypes.split(","), docs, rounds, base)
    for (dtype, size), speed in speeds.items():
        typer.echo(f"{dtype}, {size:6} padded tokens: {speed:6.0f} tokens per second")
