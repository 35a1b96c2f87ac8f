"""The token tries of a batch of texts, several in a row of the batch.

Short texts share a row, so that rows are about equally long and need little padding.
Each text keeps its own trie, so tokens of two texts never attend to each other.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch

from ..trees.trie import ROOT, Trie, subtree_ends


@dataclass(slots=True)
class Tree:
    """The trie of one text.

    row: of the batch. slots: the cache slot of each node in that row; later nodes are
        pending. column: of the first pending node in the next forward pass.
    prefix: this many tokens of the text attend to each other.
    prefetched: logits [vocabulary] after the last node of each prefetched prompt.
    """

    row: int = 0
    trie: Trie = field(default_factory=Trie)
    slots: list[int] = field(default_factory=list)
    column: int = 0
    prefix: int = 0
    prefetched: dict[int, torch.Tensor] = field(default_factory=dict)

    @property
    def pending(self) -> range:
        return range(len(self.slots), len(self.trie))

    def insert(self, ids: Sequence[int], parent: int = ROOT) -> int:
        """The node of the last of `ids`: a pending one, unless it was prefetched."""
        node = self.trie.insert(ids, parent)[-1]
        if node < len(self.slots) and node not in self.prefetched:
            # Its hidden state is gone, so the model has to run the token again. The
            # two copies do not attend to each other.
            return self.trie.duplicate(node)
        return node


@dataclass(frozen=True, slots=True)
class ForwardBatch:
    """The pending nodes of all rows, padded.

    ids, positions: [rows, new].
    attach: [rows, new], the slot of the cached node that a token's branch continues,
        or -1. starts, ends: [rows, new], as in `PackedTree`.
    real: [tokens], indices into the flattened rows x new that are not padding.
    """

    ids: np.ndarray
    positions: np.ndarray
    attach: np.ndarray
    starts: np.ndarray
    ends: np.ndarray
    real: np.ndarray


def next_batch(trees: Iterable[Tree], n_rows: int, start: int) -> ForwardBatch:
    """All pending nodes. They get the cache slots from `start` on."""
    trees = [tree for tree in trees if tree.pending]
    filled = [0] * n_rows
    for tree in trees:
        tree.column = filled[tree.row]
        filled[tree.row] += len(tree.pending)
    width = max(filled)
    ids = np.zeros((n_rows, width), dtype=np.int64)
    positions = np.zeros((n_rows, width), dtype=np.int64)
    attach = np.full((n_rows, width), -1, dtype=np.int64)
    starts = np.tile(np.arange(width), (n_rows, 1))
    ends = starts + 1
    for tree in trees:
        trie, first, column = tree.trie, tree.pending.start, tree.column
        columns = slice(column, column + len(tree.pending))
        parents = trie.parents[first:]
        ids[tree.row, columns] = trie.tokens[first:]
        positions[tree.row, columns] = trie.depths[first:]
        if first == 0:
            starts[tree.row, column : column + tree.prefix] = column
        ends[tree.row, columns] = column + np.array(
            subtree_ends([parent - first for parent in parents])
        )
        attached: list[int] = []
        for parent in parents:
            if parent >= first:
                attached.append(attached[parent - first])
            else:
                attached.append(-1 if parent == ROOT else tree.slots[parent])
        attach[tree.row, columns] = attached
        tree.slots.extend(range(start + column, start + columns.stop))
    is_real = np.arange(width) < np.array(filled)[:, None]
    return ForwardBatch(ids, positions, attach, starts, ends, np.flatnonzero(is_real))
