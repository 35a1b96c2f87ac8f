"""A decoder's forward pass with few, large matrix products.

transformers runs seven products a layer, and PEFT three for each of them. Here the
products that read the same input are one, and the adapter is merged into it or added in
two small ones. The base's own modules see the same memory: training, and whatever else
computes with them, goes on as before.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn
from torch.nn.functional import rms_norm, scaled_dot_product_attention, silu
from transformers.cache_utils import Cache

from .products import (
    Multiply,
    Product,
    fuse,
    has_adapter,
    is_plain,
    merged,
    with_adapter,
)

# Decoders of one build: pre-norm, rotary positions, a gated SiLU behind the attention.
KINDS = ("llama", "mistral", "qwen2")
# The modules of a layer that read the same input, one product each.
PRODUCTS = (
    ("self_attn", ("q_proj", "k_proj", "v_proj")),
    ("self_attn", ("o_proj",)),
    ("mlp", ("gate_proj", "up_proj")),
    ("mlp", ("down_proj",)),
)


# What makes a product ready to multiply: `PackedProduct`, say, or nothing.
Prepare = Callable[[Product], Multiply]


class FusedBase:
    """The products of a base, without adapters.

    products: four a layer, in the order of PRODUCTS, and the output layer's.
    """

    def __init__(self, body: nn.Module, output: nn.Module) -> None:
        self.body = body
        self.output = output
        self.products = [fuse(modules) for modules in self._modules()]
        self._prepared: dict[tuple[Prepare, int], Multiply] = {}

    @staticmethod
    def knows(body: nn.Module, output: nn.Module) -> bool:
        """Whether a decoder is of this build; else its own code has to compute it."""
        return _is_known(body, output)

    def decoder(
        self, adapter: str | None, *, merge: bool, prepare: Prepare | None = None
    ) -> "FusedDecoder | None":
        """A decoder with an adapter of the base's, or with none.

        merge: into a copy of the weights; else what is prepared of the base serves all
            adapters. None: the adapter has to be merged.
        """
        products: list[Multiply | None] = []
        for n, modules in enumerate(self._modules()):
            if merge and has_adapter(modules, adapter):
                product = merged(modules, adapter)
                products.append(product if prepare is None else prepare(product))
            else:
                products.append(with_adapter(self._ready(n, prepare), modules, adapter))
        if None in products:
            return None
        *products, output = products
        layers = [
            FusedLayer(layer.input_layernorm, layer.post_attention_layernorm, *four)
            for layer, four in zip(
                self.body.layers, zip(*[iter(products)] * 4, strict=True), strict=True
            )
        ]
        return FusedDecoder(self.body, layers, output)

    def _ready(self, number: int, prepare: Prepare | None) -> Multiply:
        """A product of the base's own, made ready once for all adapters."""
        product = self.products[number]
        if prepare is None:
            return product
        if (prepare, number) not in self._prepared:
            self._prepared[prepare, number] = prepare(product)
        return self._prepared[prepare, number]

    def _modules(self) -> Iterator[list[nn.Module]]:
        """The modules that each product stands for, adapters on them or not."""
        for layer in self.body.layers:
            for block, names in PRODUCTS:
                parent = getattr(layer, block)
                yield [getattr(parent, name) for name in names]
        yield [self.output]


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

    skips_padding = True

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
        real: torch.Tensor | None = None,
    ) -> torch.Tensor:
        """Hidden states [batch, tokens, width]; see `AdaptedLM.hidden`.

        ids, positions: [batch, tokens]; mask: bool [batch, tokens, cached + tokens].
        real: [n], which of batch x tokens are no padding: the products leave the others
            out, and their hidden states are 0.
        """
        rows = Rows(*ids.shape, real)
        x = self.body.embed_tokens(rows.without_padding(ids.flatten())).clone()
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
            qkv = rows.with_padding(layer.qkv(_norm(layer.norm, x)))
            attended = self._attend(qkv, turn, bias, store).flatten(0, 1)
            x += layer.out(rows.without_padding(attended))
            gate, up = layer.gate_up(_norm(layer.second_norm, x)).chunk(2, dim=-1)
            x += layer.down(silu(gate).mul_(up))
        return rows.with_padding(_norm(self.body.norm, x))

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


class Rows:
    """Where the tokens of a batch stand: those that are no padding, one after the
    other, and the rows that they fill."""

    def __init__(self, batch: int, tokens: int, real: torch.Tensor | None) -> None:
        self.shape = batch, tokens
        self.real = real if real is not None and len(real) < batch * tokens else None

    def without_padding(self, x: torch.Tensor) -> torch.Tensor:
        """[batch x tokens, ...] → [real tokens, ...]."""
        return x if self.real is None else x[self.real]

    def with_padding(self, x: torch.Tensor) -> torch.Tensor:
        """[real tokens, width] → [batch, tokens, width]; the padding is 0."""
        if self.real is not None:
            batch, tokens = self.shape
            x = x.new_zeros(batch * tokens, x.shape[1]).index_copy_(0, self.real, x)
        return x.view(*self.shape, -1)


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
