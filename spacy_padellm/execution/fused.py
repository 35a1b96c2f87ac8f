"""A decoder's forward pass with few, large linears.

transformers runs seven linears in a layer, and PEFT adds two to each of them. Here
linears with the same input are fused into one, and the adapter is merged into it or
added by two small linears. The base's modules share the weights, so they still work.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from itertools import count, repeat
from weakref import WeakKeyDictionary, WeakValueDictionary

import torch
from torch import nn
from transformers.cache_utils import Cache

from ..adapters.shared_base import SharedBase
from ..bases.layer_types import layer_types
from ..bases.logits import scaled_logits
from ..locks import cached_property
from .attention import Attention
from .buckets import UnpaddedTokens, bucket_size, pad_to_bucket
from .kinds.kind import Activation, Kind, kind_of
from .linears import (
    DenseLinear,
    LinearFn,
    fuse,
    has_adapter,
    is_plain,
    merged,
    with_adapter,
)
from .norms import LayerNorms, NormFn
from .onednn import can_pack
from .trial import check_trees

# The modules of a layer that have the same input and are fused.
FUSED_MODULES = (
    ("self_attn", ("q_proj", "k_proj", "v_proj")),
    ("self_attn", ("o_proj",)),
    ("mlp", ("gate_proj", "up_proj")),
    ("mlp", ("down_proj",)),
)

# Copies of the weights, merged or packed, save time. Larger weights are not copied.
COPIED_BYTES = 2**31

# Packs the weights of a linear for its kernel, such as `PackedLinear`.
Prepack = Callable[[DenseLinear], LinearFn]

_FUSED: "WeakKeyDictionary[SharedBase, FusedBase]" = WeakKeyDictionary()


def fused_base(base: SharedBase) -> "FusedBase | None":
    """The base with fused linears. None if its kind is unknown, or if an adapter is on
    its output layer or replaces a norm.

    Raises ValueError (E347) for a kind that is unknown and does not read packed trees.
    """
    kind = kind_of(base.body.config)
    with base.lock:
        if kind is None:
            check_trees(base)
            return None
        if not _is_known(kind, base.body, base.output):
            return None
        if base not in _FUSED:
            _FUSED[base] = FusedBase(kind, base.body, base.output, base.lock)
        return _FUSED[base]


class FusedBase:
    """The fused linears of a base, without adapters, and everything else in it.

    linears: four for each layer, as in FUSED_MODULES, and the output layer.
    norms: of each layer. norm: after the last one.
    lock: of the base.
    """

    def __init__(
        self,
        kind: Kind,
        body: nn.Module,
        output: nn.Module,
        lock: AbstractContextManager,
    ) -> None:
        self.body = body
        self.output = output
        self.lock = lock
        # an adapter on them replaces the module later, and is not this base's
        self.embed = body.embed_tokens
        self.layer_types = layer_types(body.config)
        self.attention = Attention.of(body, kind, lock)
        self.activate = kind.activate(body.config)
        group = self.attention.group
        self.norms = [kind.layer_norms(layer, group) for layer in body.layers]
        self.norm = kind.norm(body.norm)
        self.linears = [fuse(modules) for modules in self.modules()]
        # a copy of the weights, as long as a decoder uses it
        self._prepacked: WeakValueDictionary[tuple[Prepack, int], LinearFn] = (
            WeakValueDictionary()
        )

    @property
    def is_small(self) -> bool:
        """Whether there may be copies of its weights."""
        n_bytes = sum(linear.weight.nbytes for linear in self.linears)
        return n_bytes <= COPIED_BYTES

    @property
    def can_pack(self) -> bool:
        """Whether a CPU multiplies all of its weights packed."""
        return all(can_pack(linear.weight) for linear in self.linears)

    def decoder(
        self, adapter: str | None, *, merge: bool, prepack: Prepack | None = None
    ) -> "FusedDecoder | None":
        """A decoder with an adapter of the base, or with none.

        merge: merge the adapter into a copy of the weights. If false, all adapters
            share the prepacked base. Returns None if only merging is possible.

        Merging changes the base for a moment, so the caller holds its lock.
        """

        def linear(n: int, modules: Sequence[nn.Module]) -> LinearFn | None:
            if merge and has_adapter(modules, adapter):
                dense = merged(modules, adapter)
                return dense if prepack is None else prepack(dense)
            return with_adapter(self.prepacked(n, prepack), modules, adapter)

        linears = list(map(linear, count(), self.layer_modules()))
        if None in linears:
            return None
        return FusedDecoder(
            self,
            [
                FusedLayer(layer_type, norms, *linears[4 * n : 4 * n + 4])
                for n, (layer_type, norms) in enumerate(
                    zip(self.layer_types, self.norms, strict=True)
                )
            ],
            lambda: linear(len(linears), [self.output]),
            use_buckets=prepack is not None,
        )

    def prepacked(self, number: int, prepack: Prepack | None) -> LinearFn:
        """A linear of the base, prepacked once for all adapters that are in use."""
        if prepack is None:
            return self.linears[number]
        with self.lock:
            packed = self._prepacked.get((prepack, number))
            if packed is None:
                packed = prepack(self.linears[number])
                self._prepacked[prepack, number] = packed
            return packed

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
    """The type, norms and linears of a layer."""

    type: str
    norms: LayerNorms
    qkv: LinearFn
    out: LinearFn
    gate_up: LinearFn
    down: LinearFn


class FusedDecoder:
    """Computes what the base with its adapter computes.

    build_output: builds the output layer when it is first needed. It is a fifth of
        SmolLM2 and two thirds of Gemma 3 270M, and heads do without it.
    use_buckets: pad the rows of linears to `bucket_size`.
    """

    def __init__(
        self,
        base: FusedBase,
        layers: Sequence[FusedLayer],
        build_output: Callable[[], LinearFn],
        *,
        use_buckets: bool,
    ) -> None:
        self.body = base.body
        self.embed = base.embed
        self.layers = layers
        self.build_output = build_output
        self.use_buckets = use_buckets
        self.attention = base.attention
        self.activate: Activation = base.activate
        self.norm: NormFn = base.norm

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
        masks = self.attention.masks(positions, mask)
        own = positions[:, positions.shape[1] - ids.shape[1] :]
        return self.hidden_of_masks(ids, own, masks, cache, real)

    def hidden_of_masks(
        self,
        ids: torch.Tensor,
        positions: torch.Tensor,
        masks: Mapping[str, torch.Tensor],
        cache: Cache | None,
        real: torch.Tensor | None = None,
    ) -> torch.Tensor:
        """The same with a mask for each type of layer.

        ids, positions: [batch, tokens].
        """
        tokens = UnpaddedTokens(*ids.shape, real, use_buckets=self.use_buckets)
        x = self.embed(tokens.unpad(ids.flatten())).clone()
        views = self.attention.views(positions, masks, x)
        cache_layers = repeat(None) if cache is None else cache.layers
        for layer, cache_layer in zip(self.layers, cache_layers, strict=False):
            view, norms = views[layer.type], layer.norms
            qkv = tokens.pad(layer.qkv(norms.before_attention(x)))
            attended = self.attention(qkv, view, norms.heads, cache_layer)
            x += norms.after_attention(layer.out(tokens.unpad(attended.flatten(0, 1))))
            gate, up = layer.gate_up(norms.before_mlp(x)).chunk(2, dim=-1)
            x += norms.after_mlp(layer.down(self.activate(gate).mul_(up)))
        return tokens.pad(self.norm(x))

    def logits(self, hidden: torch.Tensor) -> torch.Tensor:
        """float32 logits [rows, vocabulary] of hidden states [rows, width]."""
        rows = pad_to_bucket(hidden) if self.use_buckets else hidden
        return scaled_logits(self.output(rows)[: len(hidden)], self.body.config)


def _is_known(kind: Kind, body: nn.Module, output: nn.Module) -> bool:
    """Whether a fused decoder computes what these modules compute."""
    return (
        kind.computes(body)
        and type(output) is nn.Linear
        and all(
            is_plain(getattr(getattr(layer, block), name))
            for layer in body.layers
            for block, names in FUSED_MODULES
            for name in names
        )
    )
