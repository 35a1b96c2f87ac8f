"""Options that several commands have."""

from pathlib import Path
from typing import Annotated, TypeAlias

import typer

# -- commands that train ---------------------------------------------------------------
Data: TypeAlias = Annotated[
    Path, typer.Option(help="A folder with a folder per set: train.*, dev.*, test.*")
]
Sets: TypeAlias = Annotated[
    str, typer.Option(help="The sets' folders, separated by commas.")
]
TrainTexts: TypeAlias = Annotated[
    int, typer.Option(min=0, help="Training texts of each set; 0 is all.")
]
Passes: TypeAlias = Annotated[int, typer.Option(min=1, help="Passes over the texts.")]
Seed: TypeAlias = Annotated[
    int, typer.Option(help="Seed of the texts and of training.")
]
Base: TypeAlias = Annotated[
    str, typer.Option(help="The base model: a name, folder or hub id.")
]
Lang: TypeAlias = Annotated[
    str, typer.Option(help="The language of sets that the paper does not use.")
]
Layers: TypeAlias = Annotated[
    int | None,
    typer.Option(
        min=1,
        help="The base's first layers that Pointer's new adapters are trained on. "
        "All by default.",
    ),
]
# -- commands on pipelines that `benchmark` has trained --------------------------------
Work: TypeAlias = Annotated[Path, typer.Option(help="The --work of `benchmark`.")]
Set: TypeAlias = Annotated[str, typer.Option("--set", help="The data set's folder.")]
Cores: TypeAlias = Annotated[
    int, typer.Option(min=0, help="The number of cores to compute on; 0 is all.")
]
DEFAULT_WORK = Path("training/benchmark")
# -- all -------------------------------------------------------------------------------
Device: TypeAlias = Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:1 …")]
BatchTokens: TypeAlias = Annotated[
    int, typer.Option(min=1, help="Padded tokens in a batch of texts.")
]
Rounds: TypeAlias = Annotated[
    int, typer.Option(min=1, help="Rounds; the median counts.")
]


def numbers(value: str) -> list[int]:
    """Numbers separated by commas. An empty string is none."""
    return [int(number) for number in value.split(",") if number]
