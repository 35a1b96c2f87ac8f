"""Options that several commands share."""

from typing import Annotated, TypeAlias

import typer

Limit: TypeAlias = Annotated[
    int, typer.Option(min=0, help="Only use the first documents. 0 means all.")
]
Pipe: TypeAlias = Annotated[
    str | None, typer.Option(help="The component, if the pipeline has several.")
]
