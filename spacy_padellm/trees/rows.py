"""Packed trees as the rows of a batch."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .packing import PackedTree


@dataclass(frozen=True, slots=True)
class PackedRows:
    """A batch of trees, padded. Padding sees itself alone and is seen by nobody.

    ids, positions, starts, ends: [rows, width], as in `PackedTree`.
    real: [tokens], indices into the flattened rows x width that are not padding.
    firsts: [trees], the index of each tree's first node, counted in the same way.
    """

    ids: np.ndarray
    positions: np.ndarray
    starts: np.ndarray
    ends: np.ndarray
    real: np.ndarray
    firsts: np.ndarray


def pack_rows(
    trees: Sequence[PackedTree], rows: Sequence[int] | None = None
) -> PackedRows:
    """Place trees in rows, one after the other.

    rows: the row of each tree; by default, each has a row of its own.
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
    for tree, row, column in zip(trees, rows, columns, strict=True):
        place = row, slice(column, column + len(tree))
        ids[place], positions[place] = tree.ids, tree.positions
        starts[place], ends[place] = tree.starts + column, tree.ends + column
    is_real = np.arange(width) < np.array(filled)[:, None]
    firsts = np.array(rows) * width + np.array(columns)
    return PackedRows(ids, positions, starts, ends, np.flatnonzero(is_real), firsts)


def pad(arrays: Sequence[np.ndarray]) -> np.ndarray:
    """Arrays of different lengths as the rows of one, filled with zeros."""
    padded = np.zeros((len(arrays), max(map(len, arrays))), dtype=arrays[0].dtype)
    for row, array in zip(padded, arrays, strict=True):
        row[: len(array)] = array
    return padded
