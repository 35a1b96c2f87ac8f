"""A decoder's forward pass with gradients for its adapter, in few, large products.

As `fused` for decoding: the products that read the same input are one, their weights
are packed, padding is left out. The weights are frozen, so the way back is a product
too, with a packed transpose.
"""

from dataclasses import dataclass
from typing import Any

import torch
from torch.nn.functional import dropout, linear, silu

from .attention import Attention
from .decoding import COPIED_BYTES
from .fused import FusedBase, norm
from .products import Lora, Multiply, PackedProduct, Product, can_pack, is_plain_lora
from .rows import Rows, filled_up


@dataclass(frozen=True, slots=True)
class FrozenProduct:
    """A product whose weights are not learned.

    forward: x [n, width] → [n, outputs]. backward: its transpose.
    """

    forward: Multiply
    backward: Multiply

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        return _Frozen.apply(x, self)


def packed_transpose(product: Product) -> PackedProduct:
    return PackedProduct(Product(product.weight.T.contiguous()))


class _Frozen(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: torch.Tensor, product: FrozenProduct) -> torch.Tensor:
        ctx.product = product
        return product.forward(x)

    @staticmethod
    def backward(ctx: Any, gradient: torch.Tensor) -> tuple[torch.Tensor, None]:
        return ctx.product.backward(gradient.contiguous()), None


class FusedLearner:
    """Computes what the base with its adapter computes, and can be learned from.

    Products are taken in the base's own numbers, all else in float32.
    """

    def __init__(self, base: FusedBase, name: str) -> None:
        self.body = base.body
        self.attention = Attention.of(base.body)
        self.dtype = base.products[0].weight.dtype
        self.products = [
            FrozenProduct(base.ready(n, PackedProduct), base.ready(n, packed_transpose))
            for n in range(len(base.products))
        ]
        self.loras = [Lora.of(modules, name) for modules in base.modules()]
        self.dropout = 0.0

    @classmethod
    def of(cls, base: FusedBase, name: str) -> "FusedLearner | None":
        """None where the adapter's own modules have to learn: it is no plain LoRA, or
        the base is large, or not on a CPU."""
        weights = [product.weight for product in base.products]
        if (
            sum(weight.nbytes for weight in weights) <= COPIED_BYTES
            and all(map(can_pack, weights))
            and all(is_plain_lora(modules, name) for modules in base.modules())
        ):
            return cls(base, name)
        return None

    def hidden(
        self,
        ids: torch.Tensor,
        positions: torch.Tensor,
        mask: torch.Tensor,
        *,
        real: torch.Tensor,
    ) -> torch.Tensor:
        """float32 hidden states [batch, tokens, width]; see `FusedDecoder.hidden`."""
        rows = Rows(*ids.shape, real, filled_up=True)
        x = self.body.embed_tokens(rows.without_padding(ids.flatten())).float()
        like = x.to(self.dtype)
        angle = self.attention.angle(positions, like)
        bias = self.attention.bias(mask, like)
        for number, layer in enumerate(self.body.layers):
            at = 4 * number
            qkv = self._product(at, norm(layer.input_layernorm, x))
            attended = self.attention(rows.with_padding(qkv), angle, bias)
            attended = rows.without_padding(attended.flatten(0, 1))
            x = x + self._product(at + 1, attended)
            second = norm(layer.post_attention_layernorm, x)
            gate, up = self._product(at + 2, second).chunk(2, dim=-1)
            x = x + self._product(at + 3, silu(gate) * up)
        return rows.with_padding(norm(self.body.norm, x))

    def logits(self, hidden: torch.Tensor) -> torch.Tensor:
        """float32 logits [rows, vocabulary] of hidden states [rows, width]."""
        logits = self._product(len(self.products) - 1, filled_up(hidden))
        return logits[: len(hidden)].float()

    def _product(self, number: int, x: torch.Tensor) -> torch.Tensor:
        x = x.to(self.dtype)
        out = self.products[number](x)
        lora = self.loras[number]
        if lora is None:
            return out
        if self.dropout:
            x = dropout(x, self.dropout)
        down, up = lora.down().to(self.dtype), lora.up().to(self.dtype)
        return out + linear(linear(x, down), up)
