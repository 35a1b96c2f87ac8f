"""Options that several commands share."""

from typing import Annotated, TypeAlias

import typer

from ..errors import Errors

Limit: TypeAlias = Annotated[
    int, typer.Option(min=0, help="Only use the first documents. 0 means all.")
]
Pipe: TypeAlias = Annotated[
    str | None, typer.Option(help="The component, if the pipeline has several.")
]


def parse_labels(value: str | None) -> dict[str, str] | list[str] | None:
    """Parse `A,B` to a list, or `A=name,B=name` to a dict.

    Raises ValueError if a label or a name is empty, or if a label occurs twice.
    """
    if value is None:
        return None
    items = [item.strip().partition("=") for item in value.split(",")]
    names = {label.strip(): name.strip() for label, _, name in items}
    empty = any(not label.strip() or (sep and not name) for label, sep, name in items)
    if empty or len(names) < len(items):
        raise ValueError(Errors.E401.format(value=value))
    if not any(names.values()):
        return list(names)
    return {label: name or label for label, name in names.items()}
