"""What an engine has done so far."""

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from ..execution.decoding import Decoder


@dataclass(slots=True)
class Usage:
    """Counts of what an engine has done so far.

    sessions: batches of texts. passes: forward passes. tokens: without padding.
    padded: tokens that the linears compute, with the padding that they do not skip.
    attended: tokens that attention computes, with all padding.
    """

    sessions: int = 0
    passes: int = 0
    tokens: int = 0
    padded: int = 0
    attended: int = 0

    def add_pass(self, ids: np.ndarray, real: np.ndarray, decoder: "Decoder") -> None:
        """Count a pass over ids [rows, tokens], of which `real` are not padding."""
        self.passes += 1
        self.tokens += len(real)
        self.attended += ids.size
        self.padded += decoder.computed_tokens(*ids.shape, len(real))

    def add(self, other: "Usage") -> None:
        for field in fields(self):
            done = getattr(self, field.name) + getattr(other, field.name)
            setattr(self, field.name, done)
