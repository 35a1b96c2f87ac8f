"""Packed trees as the rows of a batch."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .packing import PackedTree


@dataclass(frozen=True, slots=True)
class PackedRows:
    """A batch of trees, padded. Padding sees itself alone and is seen by nobody.

    ids, positions, starts, ends: [rows, width], as in `PackedTree`.
    links: [rows, width, 2], as in `PackedTree`; nodes that were computed before are
        counted first.
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
    earlier: int = 0,
    linked: Sequence[int | None] | None = None,
) -> PackedRows:
    """Place trees in rows, one after the other.

    rows: the row of each tree; by default, each has a row of its own.
    earlier: how many nodes were computed before, which trees may link to.
    linked: [trees], the first of the earlier nodes that a tree links to; None, as by
        default, for one that links to its own nodes.
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
    linked = linked or [None] * len(trees)
    for tree, row, column, target in zip(trees, rows, columns, linked, strict=True):
        place = row, slice(column, column + len(tree))
        ids[place], positions[place] = tree.ids, tree.positions
        starts[place], ends[place] = tree.starts + column, tree.ends + column
        links[place] = tree.links + (earlier + column if target is None else target)
    is_real = np.arange(width) < np.array(filled)[:, None]
    firsts = np.array(rows) * width + np.array(columns)
    real = np.flatnonzero(is_real)
    return PackedRows(ids, positions, starts, ends, links, real, firsts)


def pad(arrays: Sequence[np.ndarray]) -> np.ndarray:
    """Arrays of different lengths as the rows of one, filled with zeros."""
    padded = np.zeros((len(arrays), max(map(len, arrays))), dtype=arrays[0].dtype)
    for row, array in zip(padded, arrays, strict=True):
        row[: len(array)] = array
    return padded
