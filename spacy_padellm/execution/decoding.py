"""Chooses the fastest decoder for an adapted model."""

import warnings
from dataclasses import dataclass, field
from typing import Any, Protocol

import torch
from transformers.cache_utils import Cache

from ..adapters.adapted import AdaptedLM
from ..errors import Errors, Warnings
from ..locks import BUILDING
from .fused import FusedBase, FusedDecoder, fused_base
from .graphs import GraphedDecoder, can_record
from .kept import Kept
from .kinds.kind import known_kinds
from .onednn import Int8Linear, PackedLinear, has_int8


class Decoder(Protocol):
    """Computes hidden states and logits, see `AdaptedLM`."""

    def computed_tokens(self, rows: int, tokens: int, real: int) -> int:
        """How many tokens the linears compute in a pass of rows x tokens, of which
        `real` are not padding."""
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
    """merge: "always" or "never" merge the adapter into a copy of the weights; "auto"
        does for up to COPIED_BYTES. int8: multiply in 8-bit integers, on a CPU.
    graphs: on CUDA, run small passes as CUDA graphs.
    """

    merge: str = "auto"
    int8: bool = False
    graphs: bool = False

    def only_for_fused(self) -> list[str]:
        """The settings, as users know them, that other decoders than fused ones do not
        have."""
        settings = {
            'merge_adapter = "always"': self.merge == "always",
            "cuda_graphs = true": self.graphs,
        }
        return [name for name, is_set in settings.items() if is_set]


EXACT = DecodingSettings()


@dataclass(frozen=True, slots=True)
class Built:
    """A decoder, and what was computed with it and may be needed again.

    version: of the adapter.
    label_states: hidden states [nodes, width], by `LabelTree.key`.
    name_caches: keys and values of names, by `NameTree.key`.
    breadths: see `Session`.
    """

    version: int
    decoder: Decoder
    label_states: Kept[torch.Tensor] = field(default_factory=Kept)
    name_caches: Kept[Cache] = field(default_factory=Kept)
    breadths: dict[str, float] = field(default_factory=dict)


class Decoding:
    """Caches a decoder until the adapter changes."""

    def __init__(self, lm: AdaptedLM, settings: DecodingSettings = EXACT) -> None:
        self.lm = lm
        self.settings = settings
        self._built: Built | None = None

    def current(self) -> Built:
        """A decoder with the current weights of the adapter.

        Raises ValueError (E707) if int8 is set and this base or its adapter does not
        support it, and (E347) for a base that does not read packed trees.
        """
        built = self._built
        if built is not None and built.version == self.lm.version:
            return built
        with BUILDING:
            version, built = self.lm.version, self._built
            if built is None or built.version != version:
                self._built = built = None  # frees the old decoder first
                built = Built(version, self._build(), breadths=self._known())
                self._built = built
            return built

    def breadths(self) -> dict[str, float]:
        """A copy of the breadths that are known of the adapter as it is now."""
        built = self._built
        if built is not None and built.version == self.lm.version:
            return dict(built.breadths)
        return self._known()

    def _known(self) -> dict[str, float]:
        """The breadths that were measured before the adapter was saved."""
        card = self.lm.card
        return {} if card is None else dict(card.breadths)

    def _build(self) -> Decoder:
        # tensors made in inference mode cannot be trained later
        with self.lm.base.lock, torch.inference_mode(False), torch.no_grad():
            return self._fastest()

    def _fastest(self) -> Decoder:
        settings, lm = self.settings, self.lm
        fused = fused_base(lm.base)
        decoder = None if fused is None else self._fused(fused)
        if decoder is None:
            kind, known = lm.base.model.config.model_type, ", ".join(known_kinds())
            if settings.int8:
                raise ValueError(Errors.E707.format(kind=kind, known=known))
            if ignored := settings.only_for_fused():
                message = Warnings.W703.format(
                    settings=" and ".join(ignored), kind=kind, known=known
                )
                warnings.warn(message, stacklevel=2)
            return lm
        if settings.graphs and lm.device.type == "cuda" and can_record(decoder):
            return GraphedDecoder(decoder)
        return decoder

    def _fused(self, base: FusedBase) -> FusedDecoder | None:
        """None if the adapter is not merged, and more than plain LoRA."""
        settings = self.settings
        merge = settings.merge == "always" or (
            settings.merge == "auto" and base.is_small
        )
        prepack = None
        if settings.int8 and has_int8():
            prepack = Int8Linear
        elif base.is_small and base.can_pack:
            prepack = PackedLinear
        return base.decoder(self.lm.name, merge=merge, prepack=prepack)
