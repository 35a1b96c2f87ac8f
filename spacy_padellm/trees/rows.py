"""Packed trees as the rows of a batch."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from .packing import KeptTree, PackedTree

# Texts that are shorter than this share a row.
ROW_TOKENS = 128
# With this many tokens in a row, attention costs as much as the other layers (at the
# widths of the default base; larger models have a higher number).
ATTENTION_TOKENS = 3000
# The same with a backward pass.
TRAINED_ATTENTION_TOKENS = 1000
# The widths of rows that are tried in training, in lengths of the longest tree.
WIDTHS = (1, 1.5, 2, 3, 4, 6, 8)


@dataclass(frozen=True, slots=True)
class PackedRows:
    """A batch of trees, padded. Padding sees itself alone and is seen by nobody.

    ids, positions, starts, ends: [rows, width], as in `PackedTree`.
    links: [rows, width, 2], as in `PackedTree`. They count what the rows attend to:
        nodes that were computed before, and then those of the row.
    real: [tokens], indices into the flattened rows x width that are not padding.
    firsts: [trees], the index of each tree's first node, counted in the same way.
    """

    ids: np.ndarray
    positions: np.ndarray
    starts: np.ndarray
    ends: np.ndarray
    links: np.ndarray
    real: np.ndarray
    firsts: np.ndarray


def pack_rows(
    trees: Sequence[PackedTree],
    rows: Sequence[int] | None = None,
    *,
    linked: Sequence[int] | None = None,
) -> PackedRows:
    """Place trees in rows, one after the other.

    rows: the row of each tree; by default, each has a row of its own.
    linked: [trees], where the nodes begin that a tree links to; 0, the first node that
        its row attends to, by default.
    """
    if rows is None:
        rows = range(len(trees))
    filled = [0] * (max(rows) + 1)
    columns = []
    for tree, row in zip(trees, rows, strict=True):
        columns.append(filled[row])
        filled[row] += len(tree)
    width = max(filled)
    ids = np.zeros((len(filled), width), dtype=np.int64)
    positions = np.zeros_like(ids)
    starts = np.tile(np.arange(width), (len(filled), 1))
    ends = starts + 1
    links = np.zeros((*ids.shape, 2), dtype=np.int64)
    linked = linked or [0] * len(trees)
    for tree, row, column, first in zip(trees, rows, columns, linked, strict=True):
        place = row, slice(column, column + len(tree))
        ids[place], positions[place] = tree.ids, tree.positions
        starts[place], ends[place] = tree.starts + column, tree.ends + column
        links[place] = tree.links + first
    is_real = np.arange(width) < np.array(filled)[:, None]
    firsts = np.array(rows) * width + np.array(columns)
    real = np.flatnonzero(is_real)
    return PackedRows(ids, positions, starts, ends, links, real, firsts)


def pack_rows_with_linked(trees: Sequence[PackedTree]) -> PackedRows:
    """Place trees to learn from in rows. Those that link to the same tree share rows,
    in which it comes first. A tree without links has a row of its own.

    The result's `firsts` are of `trees`.
    """
    groups: dict[tuple[bytes, bytes] | int, list[int]] = {}
    for number, tree in enumerate(trees):
        key = number if tree.linked is None else tree.linked.key
        groups.setdefault(key, []).append(number)
    longest = max(len(tree) + len(tree.linked or ()) for tree in trees)
    tried = (
        _shared_rows(trees, groups.values(), int(longest * width)) for width in WIDTHS
    )
    shared = min(tried, key=_training_cost)
    packed = pack_rows(
        [*shared.linked.values(), *trees], [*shared.linked, *shared.rows]
    )
    return replace(packed, firsts=packed.firsts[len(shared.linked) :])


@dataclass(frozen=True, slots=True)
class _SharedRows:
    """rows: of each tree. filled: the tokens of each row. linked: row → the tree that
    comes first in it."""

    rows: list[int]
    filled: list[int]
    linked: dict[int, KeptTree]


def _shared_rows(
    trees: Sequence[PackedTree], groups: Iterable[list[int]], width: int
) -> _SharedRows:
    """Rows of up to `width` tokens. Each tree fits into one with what it links to.

    groups: the numbers of trees that link to the same.
    """
    shared = _SharedRows([0] * len(trees), [], {})
    for group in groups:
        linked = trees[group[0]].linked
        n_linked = len(linked or ())
        sizes = [len(trees[number]) for number in group]
        n_rows = max(1, math.ceil(sum(sizes) / (width - n_linked)))
        rows, filled = _assign(sizes, n_rows)
        while max(filled) + n_linked > width:
            n_rows += 1
            rows, filled = _assign(sizes, n_rows)
        first = len(shared.filled)
        for number, row in zip(group, rows, strict=True):
            shared.rows[number] = first + row
        shared.filled.extend(tokens + n_linked for tokens in filled)
        if linked is not None:
            shared.linked.update(dict.fromkeys(range(first, first + n_rows), linked))
    return shared


def _training_cost(shared: _SharedRows) -> float:
    """Tokens, and what attention costs in tokens. Only attention computes padding."""
    width = max(shared.filled)
    attention = len(shared.filled) * width**2 / TRAINED_ATTENTION_TOKENS
    return sum(shared.filled) + attention


def assign_rows(sizes: Sequence[int]) -> list[int]:
    """The row of each tree, chosen so that the batch needs little padding.

    sizes: tokens of each tree. Trees are added to the shortest row, longest tree first.
    The number of rows is the cheapest of several.
    """
    if not sizes:
        return []
    guess = max(1, sum(sizes) // max(ROW_TOKENS, *sizes))
    tried = {
        min(len(sizes), max(1, guess + more * guess // 16)) for more in range(-6, 13, 2)
    }
    return min((_assign(sizes, n_rows) for n_rows in sorted(tried)), key=_cost)[0]


def _assign(sizes: Sequence[int], n_rows: int) -> tuple[list[int], list[int]]:
    """The row of each tree, and the tokens of each row."""
    rows, filled = [0] * len(sizes), [0] * n_rows
    for tree in sorted(range(len(sizes)), key=lambda tree: -sizes[tree]):
        rows[tree] = row = min(range(n_rows), key=filled.__getitem__)
        filled[row] += sizes[tree]
    return rows, filled


def _cost(assigned: tuple[list[int], list[int]]) -> float:
    """Padded tokens, weighted by the cost of attention over a row."""
    _, filled = assigned
    width = max(filled)
    return len(filled) * width * (1 + width / ATTENTION_TOKENS)


def pad(arrays: Sequence[np.ndarray]) -> np.ndarray:
    """Arrays of different lengths as the rows of one, filled with zeros."""
    padded = np.zeros((len(arrays), max(map(len, arrays))), dtype=arrays[0].dtype)
    for row, array in zip(padded, arrays, strict=True):
        row[: len(array)] = array
    return padded
