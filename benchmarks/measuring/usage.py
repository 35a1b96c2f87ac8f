"""What went through the model: passes, tokens, and tokens with padding."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

import torch
from spacy.tokens import Doc

from spacy_padellm.benchmarks.systems import Reader
from spacy_padellm.engines.base import Branch, Completion, Engine, Session
from spacy_padellm.pipeline.reading import Reading

PAD = 0  # the id that `generate` pads with, also behind rows that have ended


@dataclass(slots=True)
class Usage:
    """As `TransformersEngine.usage` has it, for systems that do not count.

    sessions: batches of texts. passes: forward passes. tokens: that went through the
        model. padded: the same with the padding that matrix products compute.
        attended: with all padding, as in attention. answers: tokens that were asked
        for, the end of each answer included: so often was the output layer needed.
    """

    sessions: int = 0
    passes: int = 0
    tokens: int = 0
    padded: int = 0
    attended: int = 0
    answers: int = 0

    def since(self, before: "Usage") -> "Usage":
        changes = {
            field.name: getattr(self, field.name) - getattr(before, field.name)
            for field in fields(self)
        }
        return Usage(**changes)

    def to_dict(self) -> dict[str, int]:
        return asdict(self)


class AnswersCounted:
    """An engine that counts the tokens that are written; all else is the engine's."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.answers = 0

    @property
    def total(self) -> Usage:
        done = self.engine.usage
        return Usage(
            done.sessions,
            done.passes,
            done.tokens,
            done.padded,
            done.attended,
            self.answers,
        )

    @property
    def saved(self) -> float:
        return getattr(self.engine, "saved", 0.0)

    @contextmanager
    def session(self, n_texts: int) -> Iterator["_CountedSession"]:
        with self.engine.session(n_texts) as session:
            yield _CountedSession(session, self)


@dataclass(frozen=True, slots=True)
class _CountedSession:
    session: Session
    counter: AnswersCounted

    def complete(self, branches: Sequence[Sequence[Branch]]) -> list[list[Completion]]:
        rows = self.session.complete(branches)
        self.counter.answers += sum(len(one.logprobs) for row in rows for one in row)
        return rows


class GenerateCounted:
    """A reader that runs on transformers' `generate`, watched at the model's body."""

    def __init__(self, reader: Reader, body: torch.nn.Module) -> None:
        self.reader = reader
        self.body = body
        self._used = Usage()

    @property
    def total(self) -> Usage:
        return replace(self._used)

    @property
    def saved(self) -> float:
        return self.reader.saved

    def read(self, docs: Sequence[Doc], batch_tokens: int) -> list[Reading]:
        watch = self.body.register_forward_pre_hook(self._count, with_kwargs=True)
        try:
            return self.reader.read(docs, batch_tokens)
        finally:
            watch.remove()

    def _count(
        self, body: torch.nn.Module, args: tuple, kwargs: dict[str, Any]
    ) -> None:
        ids = kwargs["input_ids"]  # [rows, tokens]
        self._used.passes += 1
        self._used.tokens += int((ids != PAD).sum())
        self._used.padded += ids.numel()
        self._used.attended += ids.numel()
        self._used.answers += len(ids)
