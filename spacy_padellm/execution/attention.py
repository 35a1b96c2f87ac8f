"""Attention over a tree's tokens, behind one product for queries, keys and values."""

from dataclasses import dataclass
from typing import Any

import torch
from torch import nn
from torch.nn.functional import scaled_dot_product_attention

# Over so few keys two products and a softmax are faster, in bfloat16 on a CPU, than
# torch's kernel: three to six times in training.
FEW_KEYS = 128


@dataclass(frozen=True, slots=True)
class Attention:
    """What follows the product of queries, keys and values.

    Query heads that share keys stand behind one another as further queries: so keys and
    values need no copies.

    group: query heads that share keys. head_width: of each head.
    """

    body: nn.Module
    n_kv_heads: int
    group: int
    head_width: int
    scaling: float

    @classmethod
    def of(cls, body: nn.Module) -> "Attention":
        config, attention = body.config, body.layers[0].self_attn
        group = config.num_attention_heads // config.num_key_value_heads
        width, scaling = attention.head_dim, attention.scaling
        return cls(body, config.num_key_value_heads, group, width, scaling)

    def cos_sin(
        self, positions: torch.Tensor, like: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Cosines and sines [batch, tokens, 1, half of head_width], in the numbers of
        `like`: q and k turn together, one half of each head against the other."""
        cos, sin = self.body.rotary_emb(like, position_ids=positions)
        half = self.head_width // 2
        return cos[:, :, None, :half], sin[:, :, None, :half]

    def bias(self, mask: torch.Tensor, like: torch.Tensor) -> torch.Tensor:
        """What is added to the scores, for all layers alike.

        mask: bool [batch, tokens, all tokens].
        """
        bias = torch.zeros(mask.shape, dtype=like.dtype, device=like.device)
        bias.masked_fill_(~mask, torch.finfo(like.dtype).min)
        return bias[:, None].repeat(1, 1, self.group, 1)

    def __call__(
        self,
        qkv: torch.Tensor,
        cos_sin: tuple[torch.Tensor, torch.Tensor],
        bias: torch.Tensor,
        store: Any = None,
    ) -> torch.Tensor:
        """[batch, tokens, heads x head_width] of queries, keys and values [batch,
        tokens, all heads x head_width].

        store: a layer of a cache with the keys and values of earlier passes.
        """
        batch, tokens, _ = qkv.shape
        heads, group, width = self.n_kv_heads, self.group, self.head_width
        qkv = qkv.view(batch, tokens, heads * group + 2 * heads, width)
        turned = apply_rotary(qkv[:, :, : heads * group + heads], *cos_sin)
        q, k = turned.split((heads * group, heads), dim=2)
        keys = k.transpose(1, 2)
        values = qkv[:, :, heads * group + heads :].transpose(1, 2)
        if store is not None:
            keys, values = store.update(keys, values)
        q = q.view(batch, tokens, heads, group, width).permute(0, 2, 3, 1, 4)
        q = q.reshape(batch, heads, group * tokens, width)
        attended = attend(q, keys, values, bias, self.scaling)
        attended = attended.view(batch, heads, group, tokens, width)
        return attended.permute(0, 3, 1, 2, 4).reshape(batch, tokens, -1)


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
    """Rotary positions for x [batch, tokens, heads, width]."""
    one, other = x.chunk(2, dim=-1)
    return torch.cat([one * cos - other * sin, other * cos + one * sin], dim=-1)
