"""The protocol between a format and an engine.

A format gets a session for a batch of texts. It has the session compare labels with
tokens (`score`), or complete prompts greedily (`complete`). Within a session, prompts
of one text share the computation of their prefixes.
"""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Protocol, runtime_checkable

import numpy as np

from ..errors import Errors
from ..trees.batching import DoesNotFit
from ..trees.branch import Branch, Completion
from ..trees.pointers import PointerTree
from ..types import PromptTokenizer


class PromptTooLong(DoesNotFit, ValueError):
    """A text with its labels, or a prompt with its answer, exceeds the context."""


def check_fits(needed: int, most: int) -> None:
    """Raises PromptTooLong (E601) if more tokens are needed than the context has."""
    if needed > most:
        raise PromptTooLong(Errors.E601.format(needed=needed, most=most))


class Unavailable(ConnectionError):
    """An engine cannot answer now, whatever it is asked. No text is to blame."""


class Session(Protocol):
    """A batch of texts.

    breadths: name of a label → how much it claims, see `formats.breadth`. A format
        measures and adds them. They belong to the engine, and are forgotten when the
        adapter changes.
    """

    breadths: dict[str, float]

    def complete(self, branches: Sequence[Sequence[Branch]]) -> list[list[Completion]]:
        """Complete the branches of each text (outer: texts, in the session's order)."""
        ...

    def score(self, trees: Sequence[PointerTree]) -> list[np.ndarray]:
        """Compare the labels of each text with its tokens, in one pass.

        trees: of the session's texts; a text may have several.

        Returns log-odds, float32 [labels, tokens, 3]: that a mention of the label
        starts, ends, or goes on at the token. One that goes on has started before.
        """
        ...


class Engine(Protocol):
    """Scores trees and completes branches; never knows what a label is.

    tokenizer: of its model.

    An engine may have an attribute `in_flight`: the number of sessions to run at once,
    each in a thread of its own. The default is 1.
    """

    @property
    def tokenizer(self) -> PromptTokenizer: ...

    def session(self, n_texts: int) -> AbstractContextManager[Session]: ...


class LocalModel(Protocol):
    """A component's model, of which nothing is loaded before it is needed.

    engine: runs it in this process.
    tokenizer_alone: that of `engine`, but it does not load the weights.
    """

    @property
    def engine(self) -> Engine: ...

    @property
    def tokenizer_alone(self) -> PromptTokenizer: ...


@runtime_checkable  # see `Format`
class EngineSource(Protocol):
    """A component's setting `engine`: where its engine comes from.

    url: of the server that runs the model; None: it runs in this process. Only then can
        the component train, compare labels with tokens, and use masks other than from
        left to right.
    """

    @property
    def url(self) -> str | None: ...

    def open(self, model: LocalModel, adapter: str | None) -> Engine:
        """The engine for an adapter of the component.

        model: the component's model with that adapter.
        adapter: its name; None is the component's own.
        """
        ...
