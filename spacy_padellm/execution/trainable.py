"""A decoder's forward and backward pass for the adapter, with few, large linears.

As in `fused`, linears with the same input are fused, weights are packed, and padding is
removed. The weights are frozen, so the backward pass is a linear with the transpose.
"""

from dataclasses import dataclass
from typing import Any

import torch
from torch.nn import functional as F

from ..adapters.adapted import AdaptedLM
from ..bases.logits import scaled_logits
from ..locks import cached_property
from .buckets import UnpaddedTokens, pad_to_bucket
from .fused import FusedBase, fused_base
from .linears import DenseLinear, LinearFn, Lora, is_plain_lora
from .onednn import PackedLinear


@dataclass(frozen=True, slots=True)
class FrozenLinear:
    """A linear whose weights are not trained.

    forward: x [n, width] → [n, outputs]. backward: gradients of outputs → of x.
    """

    forward: LinearFn
    backward: LinearFn

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        return _Frozen.apply(x, self)


def transposed(linear: DenseLinear) -> DenseLinear:
    """x [n, outputs] → x weight [n, width]. The weight is not copied."""
    return DenseLinear(linear.weight.T)


def packed_transpose(linear: DenseLinear) -> PackedLinear:
    return PackedLinear(DenseLinear(linear.weight.T.contiguous()))


class _Frozen(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: torch.Tensor, linear: FrozenLinear) -> torch.Tensor:
        ctx.linear = linear
        return linear.forward(x)

    @staticmethod
    def backward(ctx: Any, gradient: torch.Tensor) -> tuple[torch.Tensor, None]:
        return ctx.linear.backward(gradient.contiguous()), None


def trainable(lm: AdaptedLM) -> "TrainableDecoder | AdaptedLM":
    """A decoder with gradients for the adapter: with fused linears where possible,
    otherwise the model itself."""
    lm.check_trainable()
    base = None if lm.name is None else fused_base(lm.base)
    if base is None or not TrainableDecoder.can_train(base, lm):
        return lm
    return TrainableDecoder(base, lm)


class TrainableDecoder:
    """Computes what the base with its adapter computes, with gradients.

    Linears and attention use the base's dtype, everything else is float32.
    """

    def __init__(self, base: FusedBase, lm: AdaptedLM) -> None:
        self.lm = lm
        self.body = base.body
        self.attention = base.attention
        self.dtype = base.linears[0].weight.dtype
        self.base = base
        # packed weights are a CPU's; a GPU multiplies them as they are
        self.pack = base.can_pack
        self.layer_linears = [self._frozen(n) for n in range(len(base.linears) - 1)]
        self.loras = [Lora.of(modules, lm.name) for modules in base.modules()]

    @cached_property
    def output_linear(self) -> FrozenLinear:
        """The output layer, which heads do without."""
        return self._frozen(len(self.base.linears) - 1)

    @staticmethod
    def can_train(base: FusedBase, lm: AdaptedLM) -> bool:
        """Whether the adapter is plain LoRA, and the base is on a GPU, or small and on
        a CPU."""
        runs = lm.device.type == "cuda" or (base.is_small and base.can_pack)
        return runs and all(is_plain_lora(one, lm.name) for one in base.modules())

    def hidden(
        self,
        ids: torch.Tensor,
        positions: torch.Tensor,
        mask: torch.Tensor,
        *,
        real: torch.Tensor,
    ) -> torch.Tensor:
        """float32 hidden states [batch, tokens, width]; see `FusedDecoder.hidden`."""
        tokens = UnpaddedTokens(*ids.shape, real, use_buckets=self.pack)
        x = self.base.embed(tokens.unpad(ids.flatten())).float()
        masks = self.attention.masks(positions, mask)
        views = self.attention.views(positions, masks, x.to(self.dtype))
        layers = zip(self.base.layer_types, self.base.norms, strict=True)
        for number, (layer_type, norms) in enumerate(layers):
            first = 4 * number
            qkv = self._linear(first, norms.before_attention(x))
            attended = self.attention(tokens.pad(qkv), views[layer_type], norms.heads)
            attended = tokens.unpad(attended.flatten(0, 1))
            x = x + norms.after_attention(self._linear(first + 1, attended).float())
            gate, up = self._linear(first + 2, norms.before_mlp(x)).chunk(2, dim=-1)
            down = self._linear(first + 3, self.base.activate(gate) * up)
            x = x + norms.after_mlp(down.float())
        return tokens.pad(self.base.norm(x))

    def logits(self, hidden: torch.Tensor) -> torch.Tensor:
        """float32 logits [rows, vocabulary] of hidden states [rows, width]."""
        rows = pad_to_bucket(hidden) if self.pack else hidden
        logits = self.output_linear(rows.to(self.dtype))[: len(hidden)]
        return scaled_logits(logits, self.body.config)

    def _frozen(self, number: int) -> FrozenLinear:
        linear, prepacked = self.base.linears[number], self.base.prepacked
        if not self.pack:
            return FrozenLinear(linear, transposed(linear))
        return FrozenLinear(
            prepacked(number, PackedLinear), prepacked(number, packed_transpose)
        )

    def _linear(self, number: int, x: torch.Tensor) -> torch.Tensor:
        x = x.to(self.dtype)
        out = self.layer_linears[number](x)
        lora = self.loras[number]
        if lora is None:
            return out
        if self.lm.dropout:
            x = F.dropout(x, self.lm.dropout)
        down, up = lora.down().to(self.dtype), lora.up().to(self.dtype)
        return out + F.linear(F.linear(x, down), up)
