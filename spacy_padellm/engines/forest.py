"""The token tries of a batch of texts, several in a row of the batch.

Short texts share a row, so that rows are about equally long and little is padded. Each
text keeps its own trie; tokens of two texts never see each other, as neither is the
other's ancestor.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch

from ..trees.trie import ROOT, Trie, subtree_ends

# Rows are about so long: texts that are shorter share one.
ROW_TOKENS = 128
# A token compared with so many others costs attention what it costs the other layers
# (the base's widths; larger models come out higher).
ATTENTION = 3000


@dataclass(slots=True)
class Tree:
    """The trie of one text.

    row: of the batch. slots: where each node's keys and values lie in that row's
        cache; nodes from `len(slots)` on have not been through the model.
    column: where its first pending node stands in the next pass.
    prefix: so many of its first nodes see each other.
    prefetched: what follows prompts that were run before they were asked for, as logits [vocabulary].
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
        """The node of the last of `ids`, to be run in the next pass unless it was taken
        along in an earlier one."""
        node = self.trie.insert(ids, parent)[-1]
        if node < len(self.slots) and node not in self.prefetched:
            # Its hidden state is gone: the token goes through the model once more,
            # beside its first copy, which it cannot see.
            return self.trie.duplicate(node)
        return node


@dataclass(frozen=True, slots=True)
class Pass:
    """What is new in all rows, padded.

    ids, positions: [rows, new]. attach: [rows, new], the slot of the old node to which
        a token's branch is attached, -1 for none. starts, ends: [rows, new], as in
        `GoldTree`.
    real: [tokens], which of the rows x new are no padding, flattened.
    """

    ids: np.ndarray
    positions: np.ndarray
    attach: np.ndarray
    starts: np.ndarray
    ends: np.ndarray
    real: np.ndarray


def share_rows(sizes: Sequence[int]) -> list[int]:
    """The row of each tree, so that rows are alike and little is padded.

    sizes: tokens of each tree. The longest tree goes first, always to the shortest row;
    of several numbers of rows the cheapest is taken.
    """
    if not sizes:
        return []
    few = max(1, sum(sizes) // max(ROW_TOKENS, *sizes))
    tried = {
        min(len(sizes), max(1, few + more * few // 16)) for more in range(-6, 13, 2)
    }
    return min((_share(sizes, n_rows) for n_rows in sorted(tried)), key=_cost)[0]


def _share(sizes: Sequence[int], n_rows: int) -> tuple[list[int], list[int]]:
    """The row of each tree, and the tokens of each row."""
    rows, filled = [0] * len(sizes), [0] * n_rows
    for tree in sorted(range(len(sizes)), key=lambda tree: -sizes[tree]):
        rows[tree] = row = min(range(n_rows), key=filled.__getitem__)
        filled[row] += sizes[tree]
    return rows, filled


def _cost(shared: tuple[list[int], list[int]]) -> float:
    """Padded tokens, each dearer by what it is compared with in attention."""
    _, filled = shared
    width = max(filled)
    return len(filled) * width * (1 + width / ATTENTION)


def next_pass(trees: Iterable[Tree], n_rows: int, start: int) -> Pass:
    """All pending nodes, which from now on lie in slots from `start` on."""
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
        here = slice(column, column + len(tree.pending))
        parents = trie.parents[first:]
        ids[tree.row, here] = trie.tokens[first:]
        positions[tree.row, here] = trie.depths[first:]
        if first == 0:
            starts[tree.row, column : column + tree.prefix] = column
        ends[tree.row, here] = column + np.array(
            subtree_ends([parent - first for parent in parents])
        )
        attached: list[int] = []
        for parent in parents:
            if parent >= first:
                attached.append(attached[parent - first])
            else:
                attached.append(-1 if parent == ROOT else tree.slots[parent])
        attach[tree.row, here] = attached
        tree.slots.extend(range(start + column, start + here.stop))
    is_real = np.arange(width) < np.array(filled)[:, None]
    return Pass(ids, positions, attach, starts, ends, np.flatnonzero(is_real))
