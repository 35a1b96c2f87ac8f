"""`one_pass`: does Pointer find the same however it is computed?"""

from pathlib import Path
from typing import Annotated

import typer

from spacy_padellm.bases.weights import DEFAULT_BASE
from spacy_padellm.cli.progress import progress

from .options import Base, Cores, Device


def one_pass(
    adapter: Annotated[
        str, typer.Option(help="A folder or a shipped adapter, in the format Pointer.")
    ] = "default",
    texts: Annotated[
        Path, typer.Option(help="A corpus in any format that `convert` reads.")
    ] = Path("../shared/data/conll03/test.json"),
    docs: Annotated[int, typer.Option(min=1, help="The number of texts.")] = 300,
    orders: Annotated[int, typer.Option(min=0, help="Random orders of labels.")] = 20,
    base: Base = DEFAULT_BASE,
    device: Device = "cpu",
    cores: Cores = 2,
) -> None:
    """Compare Pointer in batches of 1, 7 and 32, with labels in other orders, and with
    transformers, which reads each text with each label alone.

    The exit code is 1 if entities differ, or a probability by more than 1e-4.
    """
    from ..experiments.one_pass import compare
    from ..machine.environment import use_cores

    use_cores(cores)
    result = compare(
        adapter,
        texts,
        docs=docs,
        orders=orders,
        base=base,
        device=device,
        progress=progress,
    )
    typer.echo(
        f"{result.texts} texts. Other entities in other batches: {result.batches}; "
        f"in {orders} orders of labels: {result.orders}. The largest difference of a "
        f"probability from the plain version's: {result.plain:.1e}"
    )
    if result.batches or result.orders or result.plain > 1e-4:
        raise typer.Exit(1)
