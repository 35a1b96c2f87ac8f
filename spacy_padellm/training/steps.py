"""Which trees each step learns from, and at what rates: decided before training."""

from collections.abc import Sequence
from dataclasses import astuple, dataclass, fields
from pathlib import Path

import numpy as np

from .gold_file import read_arrays


@dataclass(frozen=True, slots=True)
class Rates:
    """An optimizer's numbers at one step, as thinc's `Optimizer` names them.

    grad_clip: the most that a tensor's gradient may be long; 0 is any.
    dropout: of what enters the adapter.
    """

    learn_rate: float
    b1: float
    b2: float
    eps: float
    L2: float
    grad_clip: float
    dropout: float


NAMES = tuple(field.name for field in fields(Rates))


@dataclass(frozen=True, slots=True)
class Step:
    """trees: numbers of the gold set's trees; empty where a batch had no gold."""

    trees: np.ndarray
    rates: Rates


@dataclass(frozen=True, slots=True)
class Steps:
    """All steps of a training, in order.

    trees: [trees of all steps]; ends: [steps], where each step's trees end in it.
    rates: [steps, rates], in the order of `NAMES`.
    """

    trees: np.ndarray
    ends: np.ndarray
    rates: np.ndarray

    @classmethod
    def of(cls, batches: Sequence[Sequence[int]], rates: Sequence[Rates]) -> "Steps":
        return cls(
            np.array([tree for batch in batches for tree in batch], dtype=np.int64),
            np.cumsum([len(batch) for batch in batches], dtype=np.int64),
            np.array([astuple(one) for one in rates], dtype=np.float64),
        )

    def __len__(self) -> int:
        return len(self.ends)

    def __getitem__(self, number: int) -> Step:
        start = self.ends[number - 1] if number else 0
        rates = Rates(*self.rates[number].tolist())
        return Step(self.trees[start : self.ends[number]], rates)

    def write(self, file: Path) -> None:
        np.savez_compressed(
            file,
            trees=self.trees.astype(np.int32),
            ends=self.ends,
            **dict(zip(NAMES, self.rates.T, strict=True)),
        )

    @classmethod
    def read(cls, file: Path) -> "Steps":
        """ValueError (E876): not there or damaged."""
        arrays = read_arrays(file, ("trees", "ends", *NAMES))
        rates = np.stack([arrays[name] for name in NAMES], axis=1)
        return cls(arrays["trees"].astype(np.int64), arrays["ends"], rates)
