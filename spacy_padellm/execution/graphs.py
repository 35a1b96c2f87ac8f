"""Small passes on a GPU as CUDA graphs.

A pass over one text launches a dozen kernels a layer, which can take longer than the
kernels do. A graph launches them all at once; it needs shapes and addresses that stay.
"""

import weakref
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock
from typing import Any

import torch
from transformers.cache_utils import Cache

from .fused import FusedDecoder

# Passes of one row of the batch and so many tokens, with so many slots of the cache at
# most: larger ones keep a GPU busy for longer than their launches take.
MOST_TOKENS, MOST_SLOTS = 256, 2048
# Tokens are padded to a power of two from here, slots to a multiple of this many.
LEAST_TOKENS, SLOTS = 8, 256

# Runs a function so that it can be run again faster: what runs it again, and the tensor
# that it writes each time.
Record = Callable[[Callable[[], torch.Tensor]], tuple[Callable[[], Any], torch.Tensor]]


class GraphedDecoder:
    """Computes what a fused decoder computes, its small passes in graphs.

    Keys and values lie in buffers that are lent to one cache at a time; a second cache
    beside it, and a pass that is too large, go without graphs.
    """

    def __init__(self, decoder: FusedDecoder, record: Record | None = None) -> None:
        self.decoder = decoder
        self.record = record or cuda_graph
        self._graphs: dict[tuple[int, int], Graph] = {}
        self._lock = Lock()
        self._stores: list[StaticLayer] = []
        self._borrower: Callable[[], Cache | None] = lambda: None

    def computed_tokens(self, rows: int, tokens: int, real: int) -> int:
        """See `Decoder.computed_tokens`: graphs compute padding."""
        if rows == 1 and tokens <= MOST_TOKENS:
            return padded(tokens)
        return self.decoder.computed_tokens(rows, tokens, real)

    def hidden(
        self,
        ids: torch.Tensor,
        positions: torch.Tensor,
        mask: torch.Tensor,
        cache: Cache,
        real: torch.Tensor | None = None,
    ) -> torch.Tensor:
        """See `FusedDecoder.hidden`."""
        _, tokens, end = mask.shape
        slots = -(-(end - tokens + padded(tokens)) // SLOTS) * SLOTS
        lent = len(ids) == 1 and self._lend(cache)
        if not lent or tokens > MOST_TOKENS or slots > MOST_SLOTS:
            return self.decoder.hidden(ids, positions, mask, cache, real)
        key = padded(tokens), slots
        graph = self._graphs.get(key)
        if graph is None:
            graph = Graph.empty(*key, ids.device)
            graph.fill(ids, positions, mask)
            with torch.cuda.device_of(ids):
                graph.replay, graph.hidden = self.record(lambda: self._run(graph))
            self._graphs[key] = graph
        else:
            graph.fill(ids, positions, mask)
        graph.replay()
        for layer in cache.layers:
            layer.length = end
        return graph.hidden[:, :tokens].clone()

    def logits(self, hidden: torch.Tensor) -> torch.Tensor:
        """See `FusedDecoder.logits`."""
        return self.decoder.logits(hidden)

    def _run(self, graph: "Graph") -> torch.Tensor:
        stores = [store.at(graph.written, graph.slots) for store in self._stores]
        return self.decoder.hidden(
            graph.ids, graph.positions, graph.mask, StaticCache(stores)
        )

    def _lend(self, cache: Cache) -> bool:
        """Whether a cache writes into the buffers, from its first pass on."""
        with self._lock:
            borrower = self._borrower()
            if borrower is None and not any(one.is_initialized for one in cache.layers):
                self._stores = self._stores or self._new_stores()
                for layer, store in zip(cache.layers, self._stores, strict=True):
                    layer.lazy_initialization(store.keys, store.values)
                    layer.keys, layer.values = store.keys, store.values
                self._borrower = weakref.ref(cache)
                return True
            # a cache that has grown, or lost rows, has other buffers now
            return borrower is cache and cache.layers[0].keys is self._stores[0].keys

    def _new_stores(self) -> list["StaticLayer"]:
        """Zeros, as what is masked is still multiplied."""
        attention, weight = self.decoder.attention, self.decoder.body.norm.weight
        shape = 1, attention.n_kv_heads, MOST_SLOTS, attention.head_width
        return [
            StaticLayer(weight.new_zeros(shape), weight.new_zeros(shape))
            for _ in self.decoder.layers
        ]


@dataclass(frozen=True, slots=True)
class StaticLayer:
    """Keys and values of a layer, [1, heads, MOST_SLOTS, width].

    written: [tokens], the slots of the tokens of a pass. slots: so many are looked at.
    """

    keys: torch.Tensor
    values: torch.Tensor
    written: torch.Tensor | None = None
    slots: int = 0

    def at(self, written: torch.Tensor, slots: int) -> "StaticLayer":
        return StaticLayer(self.keys, self.values, written, slots)

    def update(
        self, keys: torch.Tensor, values: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """As a cache's layer does it, at places that a tensor names."""
        self.keys.index_copy_(2, self.written, keys)
        self.values.index_copy_(2, self.written, values)
        return self.keys[:, :, : self.slots], self.values[:, :, : self.slots]


@dataclass(frozen=True, slots=True)
class StaticCache:
    """What stands for a cache in a graph."""

    layers: list[StaticLayer]


@dataclass(slots=True)
class Graph:
    """What a graph reads and writes, always at the same addresses.

    ids, positions: [1, tokens]; mask: bool [1, tokens, slots]; written: [tokens];
    hidden: [1, tokens, width].
    """

    ids: torch.Tensor
    positions: torch.Tensor
    mask: torch.Tensor
    written: torch.Tensor
    slots: int
    replay: Callable[[], Any] | None = None
    hidden: torch.Tensor | None = None

    @classmethod
    def empty(cls, tokens: int, slots: int, device: torch.device) -> "Graph":
        ids = torch.zeros(1, tokens, dtype=torch.long, device=device)
        mask = torch.zeros(1, tokens, slots, dtype=torch.bool, device=device)
        return cls(ids, torch.zeros_like(ids), mask, torch.zeros_like(ids[0]), slots)

    def fill(
        self, ids: torch.Tensor, positions: torch.Tensor, mask: torch.Tensor
    ) -> None:
        """Enter a pass. What pads it is written behind it, where the next pass writes,
        and seen by nothing."""
        _, tokens, end = mask.shape
        first = end - tokens
        self.ids[:, :tokens] = ids
        self.positions[:, :tokens] = positions
        self.mask.zero_()
        self.mask[:, :tokens, :end] = mask
        torch.arange(first, first + len(self.written), out=self.written)


def can_record(decoder: FusedDecoder) -> bool:
    """Whether a pass waits for nothing: some rotary positions ask how long a text is
    before they go on."""
    return decoder.body.rotary_emb.rope_type not in ("dynamic", "longrope")


def padded(tokens: int) -> int:
    """Tokens of the graph for a pass."""
    return max(LEAST_TOKENS, 1 << (tokens - 1).bit_length())


def cuda_graph(
    run: Callable[[], torch.Tensor],
) -> tuple[Callable[[], Any], torch.Tensor]:
    """Record a function's kernels. It has to read and write the same memory whenever it
    is run, and wait for nothing."""
    aside = torch.cuda.Stream()
    aside.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(aside):
        run()  # what allocates and tunes does so once, and not in the graph
    torch.cuda.current_stream().wait_stream(aside)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph, capture_error_mode="thread_local"):
        written = run()
    return graph.replay, written
