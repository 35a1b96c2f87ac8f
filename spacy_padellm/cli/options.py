"""Options that several commands share."""

from typing import Annotated, TypeAlias

import typer

from ..errors import Errors
from ..labels import complete_names

Limit: TypeAlias = Annotated[
    int, typer.Option(min=0, help="Only use the first documents. 0 means all.")
]
Pipe: TypeAlias = Annotated[
    str | None, typer.Option(help="The component, if the pipeline has several.")
]
Labels: TypeAlias = dict[str, str] | dict[str, str | dict[str, str]] | list[str]


def parse_label_names(value: str | None) -> Labels | None:
    """Parse `A,B` to a list, or `A=name,B` to a dict in which B has its usual name. Or
    read a .json file, in which labels may have descriptions.

    Raises ValueError if a label or a name is empty, or if a label occurs twice (E401),
    or for a faulty file (E817).
    """
    if value is None:
        return None
    if value.endswith(".json"):
        from ..pipeline.labels import build_labels_v1

        return build_labels_v1(path=value)
    items = [item.strip().partition("=") for item in value.split(",")]
    names = {label.strip(): name.strip() for label, _, name in items}
    empty = any(not label.strip() or (sep and not name) for label, sep, name in items)
    if empty or len(names) < len(items):
        raise ValueError(Errors.E401.format(value=value))
    if not any(names.values()):
        return list(names)
    return complete_names(names)
