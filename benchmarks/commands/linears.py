"""`linears`: our matrix products beside those of torch and torchao, on a CPU."""

from typing import Annotated

import typer

from .options import Cores


def linears(
    cores: Cores = 2,
    rounds: Annotated[int, typer.Option(min=1, help="Rounds of taking turns.")] = 40,
) -> None:
    """Time the four linears of a layer: ours, plain, compiled, and torchao's.

    Needs `pip install torchao` and a C++ compiler.
    """
    from ..experiments.linears import measure, table
    from ..machine.environment import use_cores

    use_cores(cores)
    typer.echo(table(measure(rounds)))
