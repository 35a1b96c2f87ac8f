"""`download`: download the weights of a base model."""

import sys
from typing import Annotated

import typer

from ..bases.download import download_base
from ..bases.embedded import EMBEDDED, Terms
from ..bases.weights import DEFAULT_BASE, home, is_complete, resolve_base

NAMES = " or ".join(EMBEDDED)


def download(
    name: Annotated[
        str, typer.Argument(help=f"{NAMES}, or a Hugging Face hub id.")
    ] = DEFAULT_BASE,
    revision: Annotated[
        str | None, typer.Option(help="A hub id's branch, tag or commit.")
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Download it again if it already exists.")
    ] = False,
    accept_license: Annotated[
        bool,
        typer.Option(
            "--accept-license", help="Accept the base's terms without being asked."
        ),
    ] = False,
) -> None:
    """Download a base model, verify it, and keep it for offline use."""
    base = EMBEDDED.get(name)
    if base is None or revision is not None:
        folder = resolve_base(name, revision, download=True, refresh=force)
    else:
        if base.terms is not None and (
            force or not is_complete(home() / name, thorough=True)
        ):
            accept_license = _accepts(base.terms, accept_license)
        folder = download_base(
            name,
            force=force,
            verify=True,
            accept_license=accept_license,
            say=typer.echo,
        )
    typer.echo(f"The base model {name} is in {folder}")


def _accepts(terms: Terms, already: bool) -> bool:
    """Tell the terms, and ask on a terminal."""
    typer.echo(terms.summary)
    typer.echo(f"Read them at {terms.url}")
    if already or not on_a_terminal():
        return already
    return typer.confirm("Do you accept these terms?")


def on_a_terminal() -> bool:
    """Whether there is somebody to ask."""
    return sys.stdin.isatty()
