"""Attention over packed trees, from one linear for queries, keys and values."""

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn
from torch.nn.functional import scaled_dot_product_attention

from ..bases.layer_types import layer_masks
from .kinds.kind import Kind
from .norms import NormFn

# Up to this many keys, two matrix products and a softmax are faster than torch's kernel
# in bfloat16 on a CPU: three to six times in training.
FEW_KEYS = 128
# Rotary embeddings that change with the largest position of a pass.
CHANGING_ROPES = frozenset({"dynamic", "longrope"})


@dataclass(frozen=True, slots=True)
class View:
    """What all layers of one type share in a pass.

    cos, sin: [batch, tokens, 1, head_width / 2], of rotary embeddings.
    bias: [batch, 1, group x tokens, cached + tokens], of attention scores.
    """

    cos: torch.Tensor
    sin: torch.Tensor
    bias: torch.Tensor


@dataclass(frozen=True, slots=True)
class Attention:
    """Grouped-query attention with rotary embeddings.

    Query heads with the same keys are concatenated as further queries, so that keys and
    values need no copies. group: the number of these heads.
    lock: of the base, if its rotary embeddings change in a pass.
    """

    body: nn.Module
    kind: Kind
    n_kv_heads: int
    group: int
    head_width: int
    scaling: float
    lock: AbstractContextManager

    @classmethod
    def of(
        cls, body: nn.Module, kind: Kind, lock: AbstractContextManager
    ) -> "Attention":
        """lock: of the base."""
        config, attention = body.config, body.layers[0].self_attn
        n_kv_heads = config.num_key_value_heads
        group = config.num_attention_heads // n_kv_heads
        width, scaling = attention.head_dim, attention.scaling
        if not ropes_change(body):
            lock = nullcontext()
        return cls(body, kind, n_kv_heads, group, width, scaling, lock)

    def masks(
        self, positions: torch.Tensor, mask: torch.Tensor
    ) -> dict[str, torch.Tensor]:
        """The mask of each type of layer, see `layer_masks`."""
        return layer_masks(self.body.config, positions, mask)

    def views(
        self,
        positions: torch.Tensor,
        masks: Mapping[str, torch.Tensor],
        dtype_like: torch.Tensor,
    ) -> dict[str, View]:
        """The view of each type of layer, in the dtype of `dtype_like`.

        positions: [batch, tokens]. masks: see `masks`.
        """
        half = self.head_width // 2
        views = {}
        for layer_type, mask in masks.items():
            with self.lock:
                cos, sin = self.kind.cos_sin(
                    self.body, dtype_like, positions, layer_type
                )
            cos, sin = cos[:, :, None, :half], sin[:, :, None, :half]
            views[layer_type] = View(cos, sin, self._bias(mask, dtype_like))
        return views

    def _bias(self, mask: torch.Tensor, dtype_like: torch.Tensor) -> torch.Tensor:
        """mask: bool [batch, tokens, cached + tokens]."""
        dtype = dtype_like.dtype
        bias = torch.zeros(mask.shape, dtype=dtype, device=dtype_like.device)
        bias.masked_fill_(~mask, torch.finfo(dtype).min)
        return bias[:, None].repeat(1, 1, self.group, 1)

    def __call__(
        self,
        qkv: torch.Tensor,
        view: View,
        head_norm: NormFn | None = None,
        cache_layer: Any = None,
    ) -> torch.Tensor:
        """The attention output, [batch, tokens, query heads x head_width].

        qkv: [batch, tokens, all heads x head_width]. head_norm: of queries and keys.
        cache_layer: earlier keys, values.
        """
        batch, tokens, _ = qkv.shape
        heads, group, width = self.n_kv_heads, self.group, self.head_width
        qkv = qkv.view(batch, tokens, heads * group + 2 * heads, width)
        qk = qkv[:, :, : heads * group + heads]
        if head_norm is not None:
            qk = head_norm(qk)
        q, k = apply_rotary(qk, view.cos, view.sin).split((heads * group, heads), dim=2)
        keys = k.transpose(1, 2)
        values = qkv[:, :, heads * group + heads :].transpose(1, 2)
        if cache_layer is not None:
            keys, values = cache_layer.update(keys, values)
        q = q.view(batch, tokens, heads, group, width).permute(0, 2, 3, 1, 4)
        q = q.reshape(batch, heads, group * tokens, width)
        attended = attend(q, keys, values, view.bias, self.scaling)
        attended = attended.view(batch, heads, group, tokens, width)
        return attended.permute(0, 3, 1, 2, 4).reshape(batch, tokens, -1)


def ropes_change(body: nn.Module) -> bool:
    """Whether a pass may write frequencies of rotary embeddings into the base."""
    rope = body.rotary_emb.rope_type  # a dict if types of layers differ
    ropes = rope.values() if isinstance(rope, dict) else [rope]
    return not CHANGING_ROPES.isdisjoint(ropes)


def attend(
    q: torch.Tensor,
    keys: torch.Tensor,
    values: torch.Tensor,
    bias: torch.Tensor,
    scaling: float,
) -> torch.Tensor:
    """Values weighted by softmax(q keys^T x scaling + bias).

    q: [batch, heads, queries, width]. keys, values: [batch, heads, keys, width].
    bias: [batch, 1, queries, keys].
    """
    if (
        q.device.type == "cpu"
        and q.dtype == torch.bfloat16
        and keys.shape[2] <= FEW_KEYS
        and (len(q) > 1 or q.requires_grad)
    ):
        scores = (q * scaling) @ keys.mT + bias
        return scores.softmax(-1, dtype=torch.float32).to(q.dtype) @ values
    return scaled_dot_product_attention(q, keys, values, attn_mask=bias, scale=scaling)


def apply_rotary(x: torch.Tensor, cos: torch.Tensor, sin: torch.Tensor) -> torch.Tensor:
    """Apply rotary embeddings to x [batch, tokens, heads, width]."""
    first, second = x.chunk(2, dim=-1)
    return torch.cat([first * cos - second * sin, second * cos + first * sin], dim=-1)
