"""A decoder's forward pass with gradients for its adapter, in few, large products.

As `fused` for decoding: the products that read the same input are one, their weights
are packed, padding is left out. The weights are frozen, so the way back is a product
too, with a packed transpose.
"""

from dataclasses import dataclass
from typing import Any

import torch
from torch.nn.functional import dropout, linear, silu

from ..adapters.adapted import AdaptedLM
from .attention import Attention
from .buckets import Rows, padded_to_bucket
from .decoding import COPIED_BYTES
from .fused import FusedBase, fused_base, norm
from .linears import DenseLinear, LinearFn, Lora, is_plain_lora
from .onednn import PackedLinear, can_pack


@dataclass(frozen=True, slots=True)
class FrozenLinear:
    """A product whose weights are not learned.

    forward: x [n, width] → [n, outputs]. backward: its transpose.
    """

    forward: LinearFn
    backward: LinearFn

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        return _Frozen.apply(x, self)


def packed_transpose(product: DenseLinear) -> PackedLinear:
    return PackedLinear(DenseLinear(product.weight.T.contiguous()))


class _Frozen(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: torch.Tensor, product: FrozenLinear) -> torch.Tensor:
        ctx.product = product
        return product.forward(x)

    @staticmethod
    def backward(ctx: Any, gradient: torch.Tensor) -> tuple[torch.Tensor, None]:
        return ctx.product.backward(gradient.contiguous()), None


def trainable(lm: AdaptedLM) -> "TrainableDecoder | AdaptedLM":
    """What computes hidden states and logits with gradients for the adapter: on a CPU
    fused products where these can be, else the modules themselves."""
    lm.check_trainable()
    base = None if lm.name is None else fused_base(lm.base)
    if base is None or not TrainableDecoder.can_train(base, lm):
        return lm
    return TrainableDecoder(base, lm)


class TrainableDecoder:
    """Computes what the base with its adapter computes, and can be learned from.

    Products are taken in the base's own numbers, all else in float32.
    """

    def __init__(self, base: FusedBase, lm: AdaptedLM) -> None:
        self.lm = lm
        self.body = base.body
        self.attention = Attention.of(base.body)
        self.dtype = base.linears[0].weight.dtype
        self.linears = [
            FrozenLinear(base.ready(n, PackedLinear), base.ready(n, packed_transpose))
            for n in range(len(base.linears))
        ]
        self.loras = [Lora.of(modules, lm.name) for modules in base.modules()]

    @staticmethod
    def can_train(base: FusedBase, lm: AdaptedLM) -> bool:
        """Whether this can stand in for the adapter's own modules: they are plain LoRA,
        and the base is small and on a CPU."""
        weights = [product.weight for product in base.linears]
        return (
            sum(weight.nbytes for weight in weights) <= COPIED_BYTES
            and all(map(can_pack, weights))
            and all(is_plain_lora(modules, lm.name) for modules in base.modules())
        )

    def hidden(
        self,
        ids: torch.Tensor,
        positions: torch.Tensor,
        mask: torch.Tensor,
        *,
        real: torch.Tensor,
    ) -> torch.Tensor:
        """float32 hidden states [batch, tokens, width]; see `FusedDecoder.hidden`."""
        rows = Rows(*ids.shape, real, padded_to_bucket=True)
        x = self.body.embed_tokens(rows.unpad(ids.flatten())).float()
        like = x.to(self.dtype)
        cos_sin = self.attention.cos_sin(positions, like)
        bias = self.attention.bias(mask, like)
        for number, layer in enumerate(self.body.layers):
            at = 4 * number
            qkv = self._linear(at, norm(layer.input_layernorm, x))
            attended = self.attention(rows.pad(qkv), cos_sin, bias)
            attended = rows.unpad(attended.flatten(0, 1))
            x = x + self._linear(at + 1, attended)
            second = norm(layer.post_attention_layernorm, x)
            gate, up = self._linear(at + 2, second).chunk(2, dim=-1)
            x = x + self._linear(at + 3, silu(gate) * up)
        return rows.pad(norm(self.body.norm, x))

    def logits(self, hidden: torch.Tensor) -> torch.Tensor:
        """float32 logits [rows, vocabulary] of hidden states [rows, width]."""
        logits = self._linear(len(self.linears) - 1, padded_to_bucket(hidden))
        return logits[: len(hidden)].float()

    def _linear(self, number: int, x: torch.Tensor) -> torch.Tensor:
        x = x.to(self.dtype)
        out = self.linears[number](x)
        lora = self.loras[number]
        if lora is None:
            return out
        if self.lm.dropout:
            x = dropout(x, self.lm.dropout)
        down, up = lora.down().to(self.dtype), lora.up().to(self.dtype)
        return out + linear(linear(x, down), up)
