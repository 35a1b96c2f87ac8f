"""Keys and values of earlier passes.

`DynamicCache` copies all keys and values in every pass. An append-only cache has
buffers that grow by doubling, and writes after them. A shared cache is never written:
it holds what a recording cache has taken from one pass.
"""

from collections.abc import Sequence

import torch
from transformers.cache_utils import Cache, CacheLayerMixin


class AppendOnlyLayer(CacheLayerMixin):
    """Keys and values, [batch, heads, slots, width]; the first `length` are filled."""

    is_sliding = False

    def __init__(self) -> None:
        super().__init__()
        self.length = 0

    def lazy_initialization(
        self, key_states: torch.Tensor, value_states: torch.Tensor
    ) -> None:
        self.dtype, self.device = key_states.dtype, key_states.device
        self.keys = key_states[:, :, :0]
        self.values = value_states[:, :, :0]
        self.is_initialized = True

    def update(
        self, key_states: torch.Tensor, value_states: torch.Tensor, *args, **kwargs
    ) -> tuple[torch.Tensor, torch.Tensor]:
        if not self.is_initialized:
            self.lazy_initialization(key_states, value_states)
        end = self.length + key_states.shape[2]
        if end > self.keys.shape[2]:
            capacity = max(end, 2 * self.keys.shape[2])
            self.keys = self._grown(self.keys, capacity)
            self.values = self._grown(self.values, capacity)
        self.keys[:, :, self.length : end] = key_states
        self.values[:, :, self.length : end] = value_states
        self.length = end
        return self.keys[:, :, :end], self.values[:, :, :end]

    def keep_rows(self, rows: torch.Tensor) -> None:
        """Keep these rows of the batch, [rows], and drop the others."""
        if self.is_initialized:
            self.keys = self.keys[rows]
            self.values = self.values[rows]

    def _grown(self, buffer: torch.Tensor, capacity: int) -> torch.Tensor:
        batch, heads, _, width = buffer.shape
        grown = buffer.new_empty(batch, heads, capacity, width)
        grown[:, :, : self.length] = buffer[:, :, : self.length]
        return grown

    def get_mask_sizes(self, query_length: int) -> tuple[int, int]:
        return self.length + query_length, 0

    def get_seq_length(self) -> int:
        return self.length

    def get_max_length(self) -> int:
        return -1

    def get_max_cache_shape(self) -> int:
        return -1


class RecordingLayer(AppendOnlyLayer):
    """The keys and values of one pass."""

    def __init__(self) -> None:
        super().__init__()
        self.is_initialized = True

    def update(
        self, key_states: torch.Tensor, value_states: torch.Tensor, *args, **kwargs
    ) -> tuple[torch.Tensor, torch.Tensor]:
        self.keys, self.values = key_states, value_states
        return key_states, value_states


class SharedLayer(AppendOnlyLayer):
    """Keys and values, [1, heads, slots, width], that each row of each pass sees before
    its own. Those of a pass are not kept."""

    def __init__(self, keys: torch.Tensor, values: torch.Tensor) -> None:
        super().__init__()
        self.lazy_initialization(keys, values)
        self.keys, self.values, self.length = keys, values, keys.shape[2]

    def update(
        self, key_states: torch.Tensor, value_states: torch.Tensor, *args, **kwargs
    ) -> tuple[torch.Tensor, torch.Tensor]:
        shape = len(key_states), -1, -1, -1
        keys, values = self.keys.expand(shape), self.values.expand(shape)
        return torch.cat([keys, key_states], 2), torch.cat([values, value_states], 2)


def append_only_cache(n_layers: int) -> Cache:
    return Cache(layers=[AppendOnlyLayer() for _ in range(n_layers)])


def recording_cache(n_layers: int) -> Cache:
    return Cache(layers=[RecordingLayer() for _ in range(n_layers)])


def shared_cache(recorded: Cache, slots: torch.Tensor) -> Cache:
    """Some of the keys and values of a recording cache as one row.

    slots: [n], indices into its flattened rows x slots.
    """
    return Cache(
        layers=[
            SharedLayer(
                *(_flat(one)[:, :, slots] for one in (layer.keys, layer.values))
            )
            for layer in recorded.layers
        ]
    )


def joined_cache(caches: Sequence[Cache]) -> Cache:
    """The keys and values of shared caches, one after the other."""
    if len(caches) == 1:
        return caches[0]
    return Cache(
        layers=[
            SharedLayer(
                torch.cat([one.keys for one in layers], 2),
                torch.cat([one.values for one in layers], 2),
            )
            for layers in zip(*(cache.layers for cache in caches), strict=True)
        ]
    )


def n_bytes(cache: Cache) -> int:
    return sum(layer.keys.nbytes + layer.values.nbytes for layer in cache.layers)


def _flat(x: torch.Tensor) -> torch.Tensor:
    """[batch, heads, slots, width] → [1, heads, batch x slots, width]"""
    return x.transpose(0, 1).flatten(1, 2)[None]
