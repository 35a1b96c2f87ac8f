"""`download`: download the weights of a base model."""

from typing import Annotated

import typer

from ..bases.download import download_base
from ..bases.weights import DEFAULT_BASE, resolve_base


def download(
    name: Annotated[
        str, typer.Argument(help="The embedded base, or a Hugging Face hub id.")
    ] = DEFAULT_BASE,
    revision: Annotated[
        str | None, typer.Option(help="A hub id's branch, tag or commit.")
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Download it again if it already exists.")
    ] = False,
) -> None:
    """Download a base model, verify it, and keep it for offline use."""
    if name == DEFAULT_BASE and revision is None:
        folder = download_base(force=force, say=typer.echo)
    else:
        folder = resolve_base(name, revision, refresh=force)
    typer.echo(f"The base model {name} is in {folder}")
