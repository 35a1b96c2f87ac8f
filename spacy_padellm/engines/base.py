"""What a format asks of an engine: complete these branches, all at once, greedily.

An engine opens a session for a batch of texts. Within a session it may keep what it
has computed: prompts of one text share their beginning, also across calls.
"""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from ..trees.batching import DoesNotFit
from ..trees.branch import Branch, Completion


class PromptTooLong(DoesNotFit, ValueError):
    """A prompt and its answer are longer than the model's context."""


class Session(Protocol):
    """A batch of texts under work."""

    def complete(self, branches: Sequence[Sequence[Branch]]) -> list[list[Completion]]:
        """Complete the branches of each text (outer: texts, in the session's order)."""
        ...


class Engine(Protocol):
    """Completes branches; never knows what a label is.

    An engine may have a number `in_flight`: so many sessions, in threads of their own,
    are worth having at once. Without it, it is one.
    """

    def session(self, n_texts: int) -> AbstractContextManager[Session]: ...
