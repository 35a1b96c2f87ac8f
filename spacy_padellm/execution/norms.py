"""RMS norms of a base, with what its kind does to their weights already done."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch.nn import functional as F

NormFn = Callable[[torch.Tensor], torch.Tensor]


@dataclass(frozen=True, slots=True)
class Norm:
    """x [..., width] → the same shape and dtype.

    weight: [width], or [heads, width] to scale each head by its own weights. It is
    applied in its dtype or in that of x, whichever is finer.
    """

    weight: torch.Tensor
    eps: float

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        dtype = torch.promote_types(x.dtype, self.weight.dtype)
        fine, weight = x.to(dtype), self.weight.to(dtype)
        if weight.dim() == 1:
            return F.rms_norm(fine, weight.shape, weight, self.eps).to(x.dtype)
        return (F.rms_norm(fine, x.shape[-1:], eps=self.eps) * weight).to(x.dtype)


@dataclass(frozen=True, slots=True)
class LayerNorms:
    """The norms of a layer. heads: of queries and keys, if it has them."""

    before_attention: NormFn
    after_attention: NormFn
    before_mlp: NormFn
    after_mlp: NormFn
    heads: NormFn | None


def unchanged(x: torch.Tensor) -> torch.Tensor:
    """In place of a norm that a layer does not have."""
    return x
