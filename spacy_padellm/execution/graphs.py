"""Small passes on a GPU as CUDA graphs.

A pass over one text launches a dozen kernels for each layer, and the launches can take
longer than the kernels. A graph launches all at once; its shapes and addresses are
static.
"""

import weakref
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from transformers.cache_utils import Cache

from ..locks import small_lock
from .attention import ropes_change
from .fused import FusedDecoder

# Passes with one row and up to this many tokens and cache slots run as graphs. Larger
# passes keep a GPU busy for longer than their launches take.
MAX_TOKENS, MAX_SLOTS = 256, 2048
# Tokens are padded to a power of two from MIN_TOKENS on, slots to a multiple.
MIN_TOKENS, SLOT_STEP = 8, 256

# Records a function. Returns its replay, and the tensor that each replay writes.
Record = Callable[[Callable[[], torch.Tensor]], tuple[Callable[[], Any], torch.Tensor]]


class GraphedDecoder:
    """Computes what a fused decoder computes, with small passes as graphs.

    The static keys and values are lent to one cache at a time, the borrower. Other
    caches and larger passes run without graphs.
    """

    def __init__(self, decoder: FusedDecoder, record: Record | None = None) -> None:
        self.decoder = decoder
        self.record = record or cuda_graph
        self._graphs: dict[tuple[int, int], Graph] = {}
        self._lock = small_lock()
        self._slots: torch.Tensor | None = None  # of all layers
        self._layers: list[StaticLayer] = []
        self._borrower: Callable[[], Cache | None] = lambda: None

    def computed_tokens(self, rows: int, tokens: int, real: int) -> int:
        """See `Decoder.computed_tokens`; graphs compute padding."""
        if rows == 1 and tokens <= MAX_TOKENS:
            return padded(tokens)
        return self.decoder.computed_tokens(rows, tokens, real)

    def hidden(
        self,
        ids: torch.Tensor,
        positions: torch.Tensor,
        mask: torch.Tensor,
        cache: Cache | None,
        real: torch.Tensor | None = None,
    ) -> torch.Tensor:
        """See `FusedDecoder.hidden`. A pass without a cache is no graph."""
        if cache is None:
            return self.decoder.hidden(ids, positions, mask, cache, real)
        _, tokens, end = mask.shape
        slots = -(-(end - tokens + padded(tokens)) // SLOT_STEP) * SLOT_STEP
        lent = len(ids) == 1 and self._lend(cache)
        if not lent or tokens > MAX_TOKENS or slots > MAX_SLOTS:
            return self.decoder.hidden(ids, positions, mask, cache, real)
        key = padded(tokens), slots
        graph = self._graphs.get(key)
        masks = self.decoder.attention.masks(positions, mask)
        if graph is None:
            graph = Graph.empty(*key, list(masks), ids.device)
            graph.fill(ids, positions, masks)
            with torch.cuda.device_of(ids):
                graph.replay, graph.hidden = self.record(lambda: self._run(graph))
            self._graphs[key] = graph
        else:
            graph.fill(ids, positions, masks)
        graph.replay()
        for layer in cache.layers:
            layer.length = end
        return graph.hidden[:, :tokens].clone()

    def logits(self, hidden: torch.Tensor) -> torch.Tensor:
        """See `FusedDecoder.logits`."""
        return self.decoder.logits(hidden)

    def _run(self, graph: "Graph") -> torch.Tensor:
        layers = [one.at(graph.new_slots, graph.n_slots) for one in self._layers]
        return self.decoder.hidden_of_masks(
            graph.ids, graph.positions, graph.masks, StaticCache(layers)
        )

    def _lend(self, cache: Cache) -> bool:
        """Lend the static layers to an empty cache, if free; whether it has them."""
        is_empty = not any(one.is_initialized for one in cache.layers)
        with self._lock:
            borrower = self._borrower()
            if is_empty and borrower is None:
                self._borrower = weakref.ref(cache)
        if is_empty and borrower is None:
            self._empty_layers()
            for layer, static in zip(cache.layers, self._layers, strict=True):
                layer.lazy_initialization(static.keys, static.values)
                layer.keys, layer.values = static.keys, static.values
            return True
        # a cache that has grown or lost rows has new buffers
        return borrower is cache and cache.layers[0].keys is self._layers[0].keys

    def _empty_layers(self) -> None:
        """Fill the static layers with zeros: masked slots are multiplied, and an
        earlier text may have left numbers that are not finite."""
        if self._slots is not None:
            self._slots.zero_()
            return
        attention, weight = self.decoder.attention, self.decoder.body.norm.weight
        shape = 1, attention.n_kv_heads, MAX_SLOTS, attention.head_width
        self._slots = weight.new_zeros(len(self.decoder.layers), 2, *shape)
        self._layers = [StaticLayer(keys, values) for keys, values in self._slots]


@dataclass(frozen=True, slots=True)
class StaticLayer:
    """Keys and values of a layer, [1, heads, MAX_SLOTS, width].

    new_slots: [tokens], for the tokens of a pass. n_slots: attended to in the pass.
    """

    keys: torch.Tensor
    values: torch.Tensor
    new_slots: torch.Tensor | None = None
    n_slots: int = 0

    def at(self, new_slots: torch.Tensor, n_slots: int) -> "StaticLayer":
        return StaticLayer(self.keys, self.values, new_slots, n_slots)

    def update(
        self, keys: torch.Tensor, values: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Write keys and values into `new_slots`, as `Cache.layers` do."""
        self.keys.index_copy_(2, self.new_slots, keys)
        self.values.index_copy_(2, self.new_slots, values)
        return self.keys[:, :, : self.n_slots], self.values[:, :, : self.n_slots]


@dataclass(frozen=True, slots=True)
class StaticCache:
    """The cache of a graph."""

    layers: list[StaticLayer]


@dataclass(slots=True)
class Graph:
    """The static inputs and outputs of a graph.

    ids, positions: [1, tokens]. masks: for each type of layer, bool [1, tokens, slots].
    new_slots: [tokens]. hidden: [1, tokens, width].
    """

    ids: torch.Tensor
    positions: torch.Tensor
    masks: dict[str, torch.Tensor]
    new_slots: torch.Tensor
    n_slots: int
    replay: Callable[[], Any] | None = None
    hidden: torch.Tensor | None = None

    @classmethod
    def empty(
        cls, tokens: int, slots: int, layer_types: Sequence[str], device: torch.device
    ) -> "Graph":
        ids = torch.zeros(1, tokens, dtype=torch.long, device=device)
        mask = torch.zeros(1, tokens, slots, dtype=torch.bool, device=device)
        masks = {one: mask.clone() for one in layer_types}
        return cls(ids, torch.zeros_like(ids), masks, torch.zeros_like(ids[0]), slots)

    def fill(
        self,
        ids: torch.Tensor,
        positions: torch.Tensor,
        masks: Mapping[str, torch.Tensor],
    ) -> None:
        """Copy a pass into the inputs. Padding takes the slots after it, which the next
        pass overwrites, and is masked."""
        tokens = ids.shape[1]
        self.ids[:, :tokens] = ids
        self.positions[:, :tokens] = positions[:, positions.shape[1] - tokens :]
        for layer_type, mask in masks.items():
            end = mask.shape[2]
            self.masks[layer_type].zero_()[:, :tokens, :end] = mask
        first = end - tokens
        torch.arange(first, first + len(self.new_slots), out=self.new_slots)


def can_record(decoder: FusedDecoder) -> bool:
    """Whether a pass runs without a synchronisation. Some rotary embeddings read the
    largest position on the CPU."""
    return not ropes_change(decoder.body)


def padded(tokens: int) -> int:
    """The tokens of the graph for a pass of `tokens`."""
    return max(MIN_TOKENS, 1 << (tokens - 1).bit_length())


def cuda_graph(
    run: Callable[[], torch.Tensor],
) -> tuple[Callable[[], Any], torch.Tensor]:
    """Record a function's kernels. The function must always read and write the same
    memory, and must not synchronise."""
    side_stream = torch.cuda.Stream()
    side_stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(side_stream):
        run()  # warm up: allocate and tune before the recording
    torch.cuda.current_stream().wait_stream(side_stream)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph, capture_error_mode="thread_local"):
        out = run()
    return graph.replay, out
