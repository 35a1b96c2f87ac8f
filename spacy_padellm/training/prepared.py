"""A prepared folder: all that a training needs but the base model."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..errors import Errors
from ..models.adapters import Adapter, read_adapter, write_adapter
from .dev_texts import DevText, read_dev_texts, write_dev_texts
from .gold_file import NODES, PAIRS, GoldSet
from .settings import FILE as SETTINGS
from .settings import TrainingSettings
from .steps import Steps

ADAPTER = "adapter"
TRAIN, DEV, STEPS, TEXTS = "train.npz", "dev.npz", "steps.npz", "dev.jsonl"


@dataclass(frozen=True, slots=True)
class Prepared:
    """train, dev: gold trees; `train` has those that a step learns from.
    dev_texts: the windows that the trees of `dev` are of.
    adapter: to start from; None for a new one.
    """

    settings: TrainingSettings
    train: GoldSet
    dev: GoldSet
    dev_texts: Sequence[DevText]
    steps: Steps
    adapter: Adapter | None

    def write(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        # written last: a folder without it was not prepared to the end
        (folder / SETTINGS).unlink(missing_ok=True)
        self.train.write(folder / TRAIN)
        self.dev.write(folder / DEV)
        self.steps.write(folder / STEPS)
        write_dev_texts(folder / TEXTS, self.dev_texts)
        if self.adapter is not None:
            write_adapter(folder / ADAPTER, self.adapter)
        self.settings.write(folder)

    @classmethod
    def read(cls, folder: Path) -> "Prepared":
        """ValueError (E876): it is not whole, or nothing that was prepared."""
        if not folder.is_dir():
            raise ValueError(Errors.E876.format(path=folder, reason="no such folder"))
        settings = TrainingSettings.read(folder)
        return cls(
            settings,
            GoldSet.read(folder / TRAIN),
            GoldSet.read(folder / DEV),
            read_dev_texts(folder / TEXTS),
            Steps.read(folder / STEPS),
            read_adapter(folder / ADAPTER) if settings.has_adapter else None,
        )

    def digest(self) -> str:
        """A sha256, in hex, of what the trained adapter depends on."""
        digest = hashlib.sha256(repr(self.settings).encode("utf8"))
        for tree in self.train.trees:
            for name in NODES + PAIRS:
                digest.update(getattr(tree, name).tobytes())
        for array in (self.steps.trees, self.steps.ends, self.steps.rates):
            digest.update(np.ascontiguousarray(array).tobytes())
        if self.adapter is not None:
            digest.update(self.adapter.weights)
        return digest.hexdigest()
