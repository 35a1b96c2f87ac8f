"""What a system has done: passes, tokens, padding, and generated tokens."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields
from threading import Lock

import numpy as np

from spacy_padellm.engines.base import Engine, Session
from spacy_padellm.engines.usage import Usage as EngineUsage
from spacy_padellm.trees.branch import Branch, Completion
from spacy_padellm.trees.pointers import PointerTree
from spacy_padellm.types import PromptTokenizer


@dataclass(slots=True)
class Usage(EngineUsage):
    """An engine's usage, and the number of tokens that it has generated.

    generated: includes the end token of each answer. The output layer is needed once
        per generated token.
    """

    generated: int = 0

    def since(self, before: "Usage") -> "Usage":
        changes = {
            field.name: getattr(self, field.name) - getattr(before, field.name)
            for field in fields(self)
        }
        return Usage(**changes)


class CountingEngine:
    """Another engine that also counts the tokens it generates."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.in_flight: int = getattr(engine, "in_flight", 1)
        self._generated = 0
        self._lock = Lock()

    @property
    def tokenizer(self) -> PromptTokenizer:
        return self.engine.tokenizer

    @property
    def usage(self) -> Usage:
        """A copy of what was done so far, in sessions that are closed."""
        done = self.engine.usage
        counts = {
            field.name: getattr(done, field.name) for field in fields(EngineUsage)
        }
        return Usage(**counts, generated=self._generated)

    @property
    def excluded_seconds(self) -> float:
        """Time that no measurement should include, see `LoadedSystem`."""
        return getattr(self.engine, "excluded_seconds", 0.0)

    @contextmanager
    def session(self, n_texts: int) -> Iterator["CountingSession"]:
        with self.engine.session(n_texts) as session:
            counting = CountingSession(session)
            yield counting
        with self._lock:
            self._generated += counting.generated


@dataclass(slots=True)
class CountingSession:
    session: Session
    generated: int = 0

    @property
    def breadths(self) -> dict[str, float]:
        return self.session.breadths

    def complete(self, branches: Sequence[Sequence[Branch]]) -> list[list[Completion]]:
        rows = self.session.complete(branches)
        self.generated += sum(len(one.logprobs) for row in rows for one in row)
        return rows

    def score(self, trees: Sequence[PointerTree]) -> list[np.ndarray]:
        return self.session.score(trees)


def per_doc(usage: Usage, n_docs: int) -> dict[str, float]:
    """A usage divided by a number of documents."""
    return {name: value / n_docs for name, value in asdict(usage).items()}
