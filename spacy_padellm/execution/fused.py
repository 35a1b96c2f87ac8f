"""A decoder's forward pass with few, large linears.

transformers runs seven linears in a layer, and PEFT adds two to each of them. Here
linears with the same input are fused into one, and the adapter is merged into it or
added by two small linears. The base's modules share the weights, so they still work.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import count, repeat
from weakref import WeakKeyDictionary

import torch
from torch import nn
from torch.nn import functional as F
from transformers.cache_utils import Cache

from ..adapters.shared_base import SharedBase
from .attention import Attention
from .buckets import UnpaddedTokens, bucket_size, pad_to_bucket
from .linears import (
    DenseLinear,
    LinearFn,
    fuse,
    has_adapter,
    is_plain,
    merged,
    with_adapter,
)

# Architectures with pre-norm, rotary embeddings, and a gated SiLU after the attention.
MODEL_TYPES = ("llama", "mistral", "qwen2")
# The modules of a layer that have the same input and are fused.
FUSED_MODULES = (
    ("self_attn", ("q_proj", "k_proj", "v_proj")),
    ("self_attn", ("o_proj",)),
    ("mlp", ("gate_proj", "up_proj")),
    ("mlp", ("down_proj",)),
)

# Packs the weights of a linear for its kernel, such as `PackedLinear`.
Prepack = Callable[[DenseLinear], LinearFn]

_FUSED: "WeakKeyDictionary[SharedBase, FusedBase]" = WeakKeyDictionary()


def fused_base(base: SharedBase) -> "FusedBase | None":
    """The base with fused linears. None if its architecture is unknown, or if an
    adapter is on its output layer."""
    if not _is_known(base.body, base.output):
        return None
    if base not in _FUSED:
        _FUSED[base] = FusedBase(base.body, base.output)
    return _FUSED[base]


class FusedBase:
    """The fused linears of a base, without adapters.

    linears: four for each layer, as in FUSED_MODULES, and the output layer.
    """

    def __init__(self, body: nn.Module, output: nn.Module) -> None:
        self.body = body
        self.output = output
        self.linears = [fuse(modules) for modules in self.modules()]
        self._prepacked: dict[tuple[Prepack, int], LinearFn] = {}

    def decoder(
        self, adapter: str | None, *, merge: bool, prepack: Prepack | None = None
    ) -> "FusedDecoder | None":
        """A decoder with an adapter of the base, or with none.

        merge: merge the adapter into a copy of the weights. If false, all adapters
            share the prepacked base. Returns None if only merging is possible.
        """

        def linear(n: int, modules: Sequence[nn.Module]) -> LinearFn | None:
            if merge and has_adapter(modules, adapter):
                dense = merged(modules, adapter)
                return dense if prepack is None else prepack(dense)
            return with_adapter(self.prepacked(n, prepack), modules, adapter)

        linears = list(map(linear, count(), self.layer_modules()))
        if None in linears:
            return None
        layers = [
            FusedLayer(layer.input_layernorm, layer.post_attention_layernorm, *four)
            for layer, four in zip(
                self.body.layers, zip(*[iter(linears)] * 4, strict=True), strict=True
            )
        ]
        return FusedDecoder(
            self.body,
            layers,
            lambda: linear(len(linears), [self.output]),
            use_buckets=prepack is not None,
        )

    def prepacked(self, number: int, prepack: Prepack | None) -> LinearFn:
        """A linear of the base, prepacked once for all adapters."""
        if prepack is None:
            return self.linears[number]
        if (prepack, number) not in self._prepacked:
            self._prepacked[prepack, number] = prepack(self.linears[number])
        return self._prepacked[prepack, number]

    def modules(self) -> Iterator[list[nn.Module]]:
        """The modules that each linear replaces, with or without adapters."""
        yield from self.layer_modules()
        yield [self.output]

    def layer_modules(self) -> Iterator[list[nn.Module]]:
        """The same without the output layer."""
        for layer in self.body.layers:
            for block, names in FUSED_MODULES:
                parent = getattr(layer, block)
                yield [getattr(parent, name) for name in names]


@dataclass(frozen=True, slots=True)
class FusedLayer:
    """The norms and linears of a layer."""

    attention_norm: nn.Module
    mlp_norm: nn.Module
    qkv: LinearFn
    out: LinearFn
    gate_up: LinearFn
    down: LinearFn


class FusedDecoder:
    """Computes what the base with its adapter computes.

    build_output: builds the output layer when it is first needed. It is a fifth of
        the base, and heads do without it.
    use_buckets: pad the rows of linears to `bucket_size`.
    """

    def __init__(
        self,
        body: nn.Module,
        layers: Sequence[FusedLayer],
        build_output: Callable[[], LinearFn],
        *,
        use_buckets: bool,
    ) -> None:
        self.body = body
        self.layers = layers
        self.build_output = build_output
        self.use_buckets = use_buckets
        self.attention = Attention.of(body)

    @cached_property
    def output(self) -> LinearFn:
        # tensors made in inference mode cannot be trained later
        with torch.inference_mode(False), torch.no_grad():
            return self.build_output()

    def computed_tokens(self, rows: int, tokens: int, real: int) -> int:
        """See `Decoder.computed_tokens`; padding is removed."""
        return bucket_size(real) if self.use_buckets else real

    def hidden(
        self,
        ids: torch.Tensor,
        positions: torch.Tensor,
        mask: torch.Tensor,
        cache: Cache | None,
        real: torch.Tensor | None = None,
    ) -> torch.Tensor:
        """See `AdaptedLM.hidden`. The hidden states of padding are 0."""
        tokens = UnpaddedTokens(*ids.shape, real, use_buckets=self.use_buckets)
        x = self.body.embed_tokens(tokens.unpad(ids.flatten())).clone()
        cos_sin = self.attention.cos_sin(positions, x)
        bias = self.attention.bias(mask, x)
        cache_layers = repeat(None) if cache is None else cache.layers
        for layer, cache_layer in zip(self.layers, cache_layers, strict=False):
            qkv = tokens.pad(layer.qkv(norm(layer.attention_norm, x)))
            attended = self.attention(qkv, cos_sin, bias, cache_layer).flatten(0, 1)
            x += layer.out(tokens.unpad(attended))
            gate, up = layer.gate_up(norm(layer.mlp_norm, x)).chunk(2, dim=-1)
            x += layer.down(F.silu(gate).mul_(up))
        return tokens.pad(norm(self.body.norm, x))

    def logits(self, hidden: torch.Tensor) -> torch.Tensor:
        """float32 logits [rows, vocabulary] of hidden states [rows, width]."""
        rows = pad_to_bucket(hidden) if self.use_buckets else hidden
        return self.output(rows)[: len(hidden)].float()


def norm(module: nn.Module, x: torch.Tensor) -> torch.Tensor:
    """Apply a norm of the base in the dtype of x [..., width]."""
    weight = module.weight.to(x.dtype)
    return F.rms_norm(x, weight.shape, weight, module.variance_epsilon)


def _is_known(body: nn.Module, output: nn.Module) -> bool:
    """Whether a fused decoder computes what these modules compute."""
    config = body.config
    layer_types = set(getattr(config, "layer_types", None) or ("full_attention",))
    return (
        config.model_type in MODEL_TYPES
        and config.hidden_act == "silu"
        and layer_types == {"full_attention"}
        and type(body.embed_tokens) is nn.Embedding
        and type(output) is nn.Linear
        and all(
            is_plain(getattr(getattr(layer, block), name))
            for layer in body.layers
            for block, names in FUSED_MODULES
            for name in names
        )
    )
