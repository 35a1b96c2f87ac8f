"""A decoder's forward pass with few, large matrix products.

transformers runs seven products a layer, and PEFT three for each of them. Here the
products that read the same input are one, and the adapter is merged into it or added in
two small ones. The base's own modules see the same memory: training, and whatever else
computes with them, goes on as before.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn
from torch.nn.functional import rms_norm, scaled_dot_product_attention, silu
from transformers.cache_utils import Cache

from .products import Int8Product, Multiply, Product, fuse, is_plain, merged
from .products import with_adapter as beside

# Decoders of one build: pre-norm, rotary positions, a gated SiLU behind the attention.
KINDS = ("llama", "mistral", "qwen2")
# The modules of a layer that read the same input, one product each.
PRODUCTS = (
    ("self_attn", ("q_proj", "k_proj", "v_proj")),
    ("self_attn", ("o_proj",)),
    ("mlp", ("gate_proj", "up_proj")),
    ("mlp", ("down_proj",)),
)


class FusedBase:
    """The products of a base, without adapters.

    products: four a layer, in the order of PRODUCTS.
    """

    def __init__(self, body: nn.Module, output: nn.Module) -> None:
        self.body = body
        self.output = output
        self.products = [fuse(self._modules(n)) for n in range(4 * len(body.layers))]

    @classmethod
    def of(cls, body: nn.Module, output: nn.Module) -> "FusedBase | None":
        """None for a decoder of another build, whose own code has to compute it."""
        return cls(body, output) if _is_known(body, output) else None

    def decoder(
        self, adapter: str | None, *, merge: bool, int8: bool
    ) -> "FusedDecoder | None":
        """A decoder with an adapter of the base's, or with none.

        merge: into a copy of the weights. None: the adapter has to be merged.
        """
        products: list[Product | None] = list(self.products)
        if adapter is not None:
            put = merged if merge else beside
            products = [
                put(product, self._modules(n), adapter)
                for n, product in enumerate(self.products)
            ]
        if None in products:
            return None
        logits = Product(self.output.weight.data, self.output.bias)
        if int8:
            products = [Int8Product(product) for product in products]
            logits = Int8Product(logits)
        layers = [
            FusedLayer(layer.input_layernorm, layer.post_attention_layernorm, *four)
            for layer, four in zip(
                self.body.layers, zip(*[iter(products)] * 4, strict=True), strict=True
            )
        ]
        return FusedDecoder(self.body, layers, logits)

    def _modules(self, number: int) -> list[nn.Module]:
        """The modules that a product stands for, adapters on them or not."""
        block, names = PRODUCTS[number % 4]
        parent = getattr(self.body.layers[number // 4], block)
        return [getattr(parent, name) for name in names]


@dataclass(frozen=True, slots=True)
class FusedLayer:
    """norm: before the attention. second_norm: before the gated part."""

    norm: nn.Module
    second_norm: nn.Module
    qkv: Multiply
    out: Multiply
    gate_up: Multiply
    down: Multiply


class FusedDecoder:
    """Computes what the base with its adapter computes."""

    def __init__(
        self, body: nn.Module, layers: Sequence[FusedLayer], output: Multiply
    ) -> None:
        config, attention = body.config, body.layers[0].self_attn
        self.body = body
        self.layers = layers
        self.output = output
        self.n_kv_heads = config.num_key_value_heads
        self.group = config.num_attention_heads // config.num_key_value_heads
        self.head_width = attention.head_dim
        self.scaling = attention.scaling

    def hidden(
        self,
        ids: torch.Tensor,
        positions: torch.Tensor,
        mask: torch.Tensor,
        cache: Cache,
    ) -> torch.Tensor:
        """Hidden states [batch, tokens, width].

        ids, positions: [batch, tokens]; mask: bool [batch, tokens, cached + tokens].
        """
        x = self.body.embed_tokens(ids).clone()
        cos, sin = self.body.rotary_emb(x, position_ids=positions)
        # q and k turn together, one half of each head against the other
        half = self.head_width // 2
        turn = cos[:, :, None, :half], sin[:, :, None, :half]
        # Query heads that share keys stand behind one another as further queries: so
        # keys and values need no copies. Added once here, and not in every layer.
        bias = torch.zeros(mask.shape, dtype=x.dtype, device=x.device)
        bias.masked_fill_(~mask, torch.finfo(x.dtype).min)
        bias = bias[:, None].repeat(1, 1, self.group, 1)
        for layer, store in zip(self.layers, cache.layers, strict=True):
            x += layer.out(
                self._attend(layer.qkv(_norm(layer.norm, x)), turn, bias, store)
            )
            gate, up = layer.gate_up(_norm(layer.second_norm, x)).chunk(2, dim=-1)
            x += layer.down(silu(gate).mul_(up))
        return _norm(self.body.norm, x)

    def logits(self, hidden: torch.Tensor) -> torch.Tensor:
        """float32 logits [rows, vocabulary] of hidden states [rows, width]."""
        return self.output(hidden).float()

    def _attend(
        self,
        qkv: torch.Tensor,
        turn: tuple[torch.Tensor, torch.Tensor],
        bias: torch.Tensor,
        store: Any,
    ) -> torch.Tensor:
        batch, tokens, _ = qkv.shape
        heads, group, width = self.n_kv_heads, self.group, self.head_width
        qkv = qkv.view(batch, tokens, heads * group + 2 * heads, width)
        turned = _turn(qkv[:, :, : heads * group + heads], *turn)
        q, k = turned.split((heads * group, heads), dim=2)
        v = qkv[:, :, heads * group + heads :]
        keys, values = store.update(k.transpose(1, 2), v.transpose(1, 2))
        q = q.view(batch, tokens, heads, group, width).permute(0, 2, 3, 1, 4)
        attended = scaled_dot_product_attention(
            q.reshape(batch, heads, group * tokens, width),
            keys,
            values,
            attn_mask=bias,
            scale=self.scaling,
        )
        attended = attended.view(batch, heads, group, tokens, width)
        return attended.permute(0, 3, 1, 2, 4).reshape(batch, tokens, -1)


def _norm(module: nn.Module, x: torch.Tensor) -> torch.Tensor:
    return rms_norm(x, module.weight.shape, module.weight, module.variance_epsilon)


def _turn(x: torch.Tensor, cos: torch.Tensor, sin: torch.Tensor) -> torch.Tensor:
    """Rotary positions for x [batch, tokens, heads, width]."""
    one, other = x.chunk(2, dim=-1)
    return torch.cat([one * cos - other * sin, other * cos + one * sin], dim=-1)


def _is_known(body: nn.Module, output: nn.Module) -> bool:
    config = body.config
    kinds = set(getattr(config, "layer_types", None) or ("full_attention",))
    return (
        config.model_type in KINDS
        and config.hidden_act == "silu"
        and kinds == {"full_attention"}
        and type(body.embed_tokens) is nn.Embedding
        and type(output) is nn.Linear
        and all(
            is_plain(getattr(getattr(layer, block), name))
            for layer in body.layers
            for block, names in PRODUCTS
            for name in names
        )
    )
