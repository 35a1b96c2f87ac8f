"""Packed trees as the rows of a batch."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from .packing import PackedTree

# Texts that are shorter than this share a row.
ROW_TOKENS = 128
# With this many tokens in a row, attention costs as much as the other layers (at the
# widths of the default base; larger models have a higher number).
ATTENTION_TOKENS = 3000


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
    linked: [trees], where the nodes begin that a tree links to, if it links to any.
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
    """Place trees in rows. Those that link to the same tree share rows, in which it
    comes first. A tree without links has a row of its own.

    The result's `firsts` are of `trees`.
    """
    rows = np.cumsum([tree.linked is None for tree in trees]) - 1
    n_rows = int(rows[-1]) + 1
    groups: dict[tuple[bytes, bytes], list[int]] = {}
    for number, tree in enumerate(trees):
        if tree.linked is not None:
            groups.setdefault(tree.linked.key, []).append(number)
    in_front: list[PackedTree] = []
    for group in groups.values():
        linked = trees[group[0]].linked
        assigned = assign_rows([len(trees[number]) for number in group], len(linked))
        rows[group] = np.array(assigned) + n_rows + len(in_front)
        in_front += [linked] * len(set(assigned))
    in_rows = range(n_rows, n_rows + len(in_front))
    packed = pack_rows([*in_front, *trees], [*in_rows, *rows.tolist()])
    return replace(packed, firsts=packed.firsts[len(in_front) :])


def assign_rows(sizes: Sequence[int], n_in_front: int = 0) -> list[int]:
    """The row of each tree, chosen so that the batch needs little padding.

    sizes: tokens of each tree. Trees are added to the shortest row, longest tree first.
    The number of rows is the cheapest of several.
    n_in_front: further tokens that each row begins with.
    """
    if not sizes:
        return []
    guess = max(1, sum(sizes) // max(ROW_TOKENS, n_in_front, *sizes))
    tried = {
        min(len(sizes), max(1, guess + more * guess // 16)) for more in range(-6, 13, 2)
    }
    assigned = (_assign(sizes, n_rows, n_in_front) for n_rows in sorted(tried))
    return min(assigned, key=_cost)[0]


def _assign(
    sizes: Sequence[int], n_rows: int, n_in_front: int
) -> tuple[list[int], list[int]]:
    """The row of each tree, and the tokens of each row."""
    rows, filled = [0] * len(sizes), [n_in_front] * n_rows
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
