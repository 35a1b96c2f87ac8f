"""What runs an adapted model where nothing is to be learned."""

from dataclasses import dataclass
from threading import Lock
from typing import Any, Protocol

import torch

from ..adapters.adapted import AdaptedLM
from ..errors import Errors
from .fused import KINDS, fused_base
from .graphs import GraphedDecoder, can_record
from .onednn import Int8Linear, PackedLinear, can_pack, has_int8

# Copies of the weights, with the adapter merged in or in another order, save time;
# larger weights are not copied.
COPIED_BYTES = 2**31


class Decoder(Protocol):
    """Gives what the model thinks, as `AdaptedLM` does."""

    def computed_tokens(self, rows: int, tokens: int, real: int) -> int:
        """How many tokens its matrix products compute in a pass of rows x tokens, of
        which so many are real."""
        ...

    def hidden(
        self,
        ids: torch.Tensor,
        positions: torch.Tensor,
        mask: torch.Tensor,
        cache: Any,
        real: torch.Tensor | None = None,
    ) -> torch.Tensor: ...

    def logits(self, hidden: torch.Tensor) -> torch.Tensor: ...


@dataclass(frozen=True, slots=True)
class DecodingSettings:
    """merge: whether the adapter is merged into a copy of the weights; "auto" is for up to
        COPIED_BYTES of them.
    int8: multiply in 8-bit integers, on a CPU.
    graphs: on CUDA, run small passes as CUDA graphs.
    """

    merge: str = "auto"
    int8: bool = False
    graphs: bool = False


EXACT = DecodingSettings()


class Decoding:
    """Holds a decoder as long as the adapter stays what it is."""

    def __init__(self, lm: AdaptedLM, settings: DecodingSettings = EXACT) -> None:
        self.lm = lm
        self.settings = settings
        self._parameters = list(lm.parameters().values())
        self._version: int | None = None
        self._decoder: Decoder = lm
        self._lock = Lock()

    def decoder(self) -> Decoder:
        """A decoder with the adapter as it is now.

        Raises ValueError (E707) if int8 was asked for and there is none for this base.
        """
        # torch counts what is written into a tensor
        version = sum(parameter._version for parameter in self._parameters)
        with self._lock:
            if version != self._version:
                self._decoder = self.lm  # frees the old one first
                # a tensor made in inference mode could never be trained with again
                with torch.inference_mode(False), torch.no_grad():
                    self._decoder = self._build()
                self._version = version
            return self._decoder

    def _build(self) -> Decoder:
        settings, base = self.settings, self.lm.base
        fused = fused_base(base)
        if fused is None:
            if settings.int8:
                kind = base.model.config.model_type
                message = Errors.E707.format(kind=kind, known=", ".join(KINDS))
                raise ValueError(message)
            return self.lm
        weights = [product.weight for product in fused.linears]
        small = sum(weight.nbytes for weight in weights) <= COPIED_BYTES
        merge = settings.merge == "always" or (settings.merge == "auto" and small)
        prepare = None
        if settings.int8 and has_int8():
            prepare = Int8Linear
        elif small and all(map(can_pack, weights)):
            prepare = PackedLinear
        decoder = fused.decoder(self.lm.name, merge=merge, prepare=prepare)
        if decoder is None:
            return self.lm
        is_cuda = self.lm.device.type == "cuda"
        if settings.graphs and is_cuda and can_record(decoder):
            return GraphedDecoder(decoder)
        return decoder
