"""Options that several commands on a trained pipeline have."""

from typing import Annotated, TypeAlias

import typer

Limit: TypeAlias = Annotated[
    int, typer.Option(min=0, help="At most so many documents, the first; 0 is all.")
]
Pipe: TypeAlias = Annotated[
    str | None, typer.Option(help="The component, where the pipeline has several.")
]
