"""The engine that computes in this process, as a setting of the component."""

from dataclasses import dataclass
from typing import ClassVar

from .base import Engine, LocalModel


def build_packed_v1() -> "Packed":
    """The component's own engine: packed trees, in this process. The model's block has
    its settings."""
    return Packed()


@dataclass(frozen=True, slots=True)
class Packed:
    """See `build_packed_v1` and `EngineSource`."""

    url: ClassVar[None] = None

    def open(self, model: LocalModel, adapter: str | None) -> Engine:
        return model.engine  # loads the model
