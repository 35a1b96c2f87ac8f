"""Gold trees in one file: arrays behind one another, and how long each is."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from ..errors import Errors
from ..trees.packing import GoldTree

NODES = ("ids", "positions", "starts", "ends")
PAIRS = ("sources", "targets", "weights")


@dataclass(frozen=True, slots=True)
class GoldSet:
    """The trees of a split.

    docs: [trees]: the number of the doc, from 0, that each is a window of.
    """

    trees: Sequence[GoldTree]
    docs: np.ndarray

    def __len__(self) -> int:
        return len(self.trees)

    def write(self, file: Path) -> None:
        """As compressed npz; token ids and places as int32."""
        arrays = {
            name: _join([getattr(tree, name) for tree in self.trees])
            for name in NODES + PAIRS
        }
        arrays["nodes"] = np.array([len(tree.ids) for tree in self.trees], np.int32)
        arrays["pairs"] = np.array([len(tree.sources) for tree in self.trees], np.int32)
        np.savez_compressed(file, docs=self.docs.astype(np.int32), **arrays)

    @classmethod
    def read(cls, file: Path) -> "GoldSet":
        """ValueError (E876): not there or damaged."""
        arrays = read_arrays(file, (*NODES, *PAIRS, "nodes", "pairs", "docs"))
        parts = {}
        for lengths, names in (("nodes", NODES), ("pairs", PAIRS)):
            ends = np.cumsum(arrays[lengths])[:-1]
            for name in names:
                parts[name] = np.split(_wide(arrays[name]), ends)
        columns = [parts[name] for name in NODES + PAIRS]
        trees = [GoldTree(*row) for row in zip(*columns, strict=True)]
        return cls(trees[: len(arrays["docs"])], arrays["docs"])


def read_arrays(file: Path, names: Sequence[str]) -> dict[str, np.ndarray]:
    """The named arrays of an npz file. ValueError (E876): not there or damaged."""
    try:
        with np.load(file, allow_pickle=False) as arrays:
            return {name: arrays[name] for name in names}
    except (OSError, ValueError, KeyError, EOFError, BadZipFile) as error:
        raise ValueError(Errors.E876.format(path=file, reason=error)) from error


def _join(arrays: Sequence[np.ndarray]) -> np.ndarray:
    values = np.concatenate(arrays)
    return values if values.dtype == np.float32 else values.astype(np.int32)


def _wide(values: np.ndarray) -> np.ndarray:
    return values if values.dtype == np.float32 else values.astype(np.int64)
