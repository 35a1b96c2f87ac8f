"""Options that the commands which compare systems have in common."""

from pathlib import Path
from typing import Annotated, TypeAlias

import typer

Data: TypeAlias = Annotated[
    Path, typer.Option(help="A folder with a folder a set: train.*, dev.*, test.*")
]
Sets: TypeAlias = Annotated[
    str, typer.Option(help="The sets' folders, with commas between.")
]
TrainTexts: TypeAlias = Annotated[
    int, typer.Option(min=0, help="Training texts of a set; 0 is all.")
]
Passes: TypeAlias = Annotated[int, typer.Option(min=1, help="Passes over the texts.")]
Seed: TypeAlias = Annotated[int, typer.Option(help="Draws the texts, and trains.")]
Base: TypeAlias = Annotated[
    str, typer.Option(help="The base model: a name, folder or hub id.")
]
Lang: TypeAlias = Annotated[
    str, typer.Option(help="Of sets that are not among the paper's.")
]
