"""What a component cannot do while a server runs its model."""

from ..engines.base import EngineSource
from ..errors import Errors
from ..formats.base import Format


def check_engine(engine: EngineSource, format: Format, name: str) -> None:
    """Raises ValueError if the engine is a server and the format compares labels with
    tokens (E350) or lets the tokens of a text see what follows them (E351).

    name: of the component, for errors.
    """
    if engine.url is None:
        return
    told = {"name": name, "format": format.name, "url": engine.url}
    if format.head is not None:
        raise ValueError(Errors.E350.format(**told))
    if format.prefix_lm:
        raise ValueError(Errors.E351.format(**told))


def check_trains(engine: EngineSource, name: str) -> None:
    """Raises ValueError (E366) if the engine is a server."""
    if engine.url is not None:
        raise ValueError(Errors.E366.format(name=name, url=engine.url))
