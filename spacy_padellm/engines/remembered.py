"""Engines that score each tree once, for trials that read the same texts again."""

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np

from ..trees.branch import Branch, Completion
from ..trees.pointers import PointerTree
from ..types import PromptTokenizer
from .base import Engine, EngineSource, LocalModel, Session

# Scores that are kept, at most. Further trees are scored each time.
MOST_BYTES = 1 << 30


@dataclass(frozen=True, slots=True)
class RememberedScores:
    """The engines of a source, each of which remembers what it has scored. Neither
    adapters nor labels may change while it is in use.

    scores: (adapter, digest of a tree) → log-odds.
    """

    source: EngineSource
    scores: dict[tuple[str | None, bytes], np.ndarray] = field(default_factory=dict)

    @property
    def url(self) -> str | None:
        return self.source.url

    def open(self, model: LocalModel, adapter: str | None) -> Engine:
        return _Engine(self.source.open(model, adapter), adapter, self.scores)


@dataclass(frozen=True, slots=True)
class _Engine:
    engine: Engine
    adapter: str | None
    scores: dict[tuple[str | None, bytes], np.ndarray]

    @property
    def tokenizer(self) -> PromptTokenizer:
        return self.engine.tokenizer

    @property
    def in_flight(self) -> int:
        return getattr(self.engine, "in_flight", 1)

    @contextmanager
    def session(self, n_texts: int) -> Iterator[Session]:
        with self.engine.session(n_texts) as session:
            yield _Session(session, self)


@dataclass(frozen=True, slots=True)
class _Session:
    session: Session
    engine: _Engine

    @property
    def breadths(self) -> dict[str, float]:
        return self.session.breadths

    def complete(self, branches: Sequence[Sequence[Branch]]) -> list[list[Completion]]:
        return self.session.complete(branches)

    def score(self, trees: Sequence[PointerTree]) -> list[np.ndarray]:
        scores = self.engine.scores
        keys = [(self.engine.adapter, digest(tree)) for tree in trees]
        found = [scores.get(key) for key in keys]
        new = [number for number, one in enumerate(found) if one is None]
        if not new:
            return found
        scored = self.session.score([trees[number] for number in new])
        # a copy: another session's thread may add to them meanwhile
        n_bytes = sum(one.nbytes for one in [*scores.values()])
        for number, one in zip(new, scored, strict=True):
            found[number] = one
            n_bytes += one.nbytes
            if n_bytes <= MOST_BYTES:
                scores[keys[number]] = one
        return found


def digest(tree: PointerTree) -> bytes:
    """The same for trees with the same scores, and for no others."""
    arrays = [tree.ids, tree.positions, tree.starts, tree.ends, tree.links]
    arrays += [tree.queries, tree.keys]
    if tree.kept is not None:
        arrays += [tree.kept.ids, tree.kept.ends]
    state = hashlib.blake2b(digest_size=16)
    for array in arrays:
        state.update(len(array).to_bytes(8, "big"))
        state.update(array.tobytes())
    return state.digest()
