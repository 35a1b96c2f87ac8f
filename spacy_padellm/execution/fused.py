"""A decoder's forward pass with few, large matrix products.

transformers runs seven products a layer, and PEFT three for each of them. Here the
products that read the same input are one, and the adapter is merged into it or added in
two small ones. The base's own modules see the same memory: training, and whatever else
computes with them, goes on as before.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from weakref import WeakKeyDictionary

import torch
from torch import nn
from torch.nn.functional import rms_norm, silu
from transformers.cache_utils import Cache

from ..adapters.shared_base import SharedBase
from .attention import Attention
from .buckets import Rows, bucket_size, padded_to_bucket
from .linears import (
    DenseLinear,
    LinearFn,
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


# What makes a product ready to multiply: `PackedLinear`, say, or nothing.
Prepare = Callable[[DenseLinear], LinearFn]


_FUSED: "WeakKeyDictionary[SharedBase, FusedBase]" = WeakKeyDictionary()


def fused_base(base: SharedBase) -> "FusedBase | None":
    """The base's products, fused when first asked for; None where its kind is not known,
    or an adapter is on its output layer."""
    if not FusedBase.knows(base.body, base.output):
        return None
    if base not in _FUSED:
        _FUSED[base] = FusedBase(base.body, base.output)
    return _FUSED[base]


class FusedBase:
    """The products of a base, without adapters.

    products: four a layer, in the order of PRODUCTS, and the output layer's.
    """

    def __init__(self, body: nn.Module, output: nn.Module) -> None:
        self.body = body
        self.output = output
        self.linears = [fuse(modules) for modules in self.modules()]
        self._prepared: dict[tuple[Prepare, int], LinearFn] = {}

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
        products: list[LinearFn | None] = []
        for n, modules in enumerate(self.modules()):
            if merge and has_adapter(modules, adapter):
                product = merged(modules, adapter)
                products.append(product if prepare is None else prepare(product))
            else:
                products.append(with_adapter(self.ready(n, prepare), modules, adapter))
        if None in products:
            return None
        *products, output = products
        layers = [
            FusedLayer(layer.input_layernorm, layer.post_attention_layernorm, *four)
            for layer, four in zip(
                self.body.layers, zip(*[iter(products)] * 4, strict=True), strict=True
            )
        ]
        return FusedDecoder(self.body, layers, output, use_buckets=prepare is not None)

    def ready(self, number: int, prepare: Prepare | None) -> LinearFn:
        """A product of the base's own, made ready once for all adapters."""
        product = self.linears[number]
        if prepare is None:
            return product
        if (prepare, number) not in self._prepared:
            self._prepared[prepare, number] = prepare(product)
        return self._prepared[prepare, number]

    def modules(self) -> Iterator[list[nn.Module]]:
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
    qkv: LinearFn
    out: LinearFn
    gate_up: LinearFn
    down: LinearFn


class FusedDecoder:
    """Computes what the base with its adapter computes.

    use_buckets: multiply numbers of rows that come often, as `bucket_size` says.
    """

    def __init__(
        self,
        body: nn.Module,
        layers: Sequence[FusedLayer],
        output: LinearFn,
        *,
        use_buckets: bool,
    ) -> None:
        self.body = body
        self.layers = layers
        self.output = output
        self.use_buckets = use_buckets
        self.attention = Attention.of(body)

    def computed_tokens(self, rows: int, tokens: int, real: int) -> int:
        """See `Decoder.computed_tokens`: padding is left out."""
        return bucket_size(real) if self.use_buckets else real

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
        rows = Rows(*ids.shape, real, padded_to_bucket=self.use_buckets)
        x = self.body.embed_tokens(rows.unpad(ids.flatten())).clone()
        cos_sin = self.attention.cos_sin(positions, x)
        bias = self.attention.bias(mask, x)
        for layer, store in zip(self.layers, cache.layers, strict=True):
            qkv = rows.pad(layer.qkv(norm(layer.norm, x)))
            attended = self.attention(qkv, cos_sin, bias, store).flatten(0, 1)
            x += layer.out(rows.unpad(attended))
            gate, up = layer.gate_up(norm(layer.second_norm, x)).chunk(2, dim=-1)
            x += layer.down(silu(gate).mul_(up))
        return rows.pad(norm(self.body.norm, x))

    def logits(self, hidden: torch.Tensor) -> torch.Tensor:
        """float32 logits [rows, vocabulary] of hidden states [rows, width]."""
        rows = padded_to_bucket(hidden) if self.use_buckets else hidden
        return self.output(rows)[: len(hidden)].float()


def norm(module: nn.Module, x: torch.Tensor) -> torch.Tensor:
    """A norm of the base's, in the numbers of x [..., width]."""
    weight = module.weight.to(x.dtype)
    return rms_norm(x, weight.shape, weight, module.variance_epsilon)


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
