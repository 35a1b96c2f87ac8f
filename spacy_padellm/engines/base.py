"""The protocol between a format and an engine.

A format opens a session for a batch of texts and has it complete branches, greedily.
Within a session, prompts of one text share the computation of their prefixes.
"""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

import numpy as np

from ..trees.batching import DoesNotFit
from ..trees.branch import Branch, Completion
from ..trees.pointers import PointerTree


class PromptTooLong(DoesNotFit, ValueError):
    """A prompt and its answer are longer than the model's context."""


class Session(Protocol):
    """A batch of texts.

    memory: for what a format computes with the adapter and may need again. It belongs
        to the engine, and is emptied when the adapter changes.
    """

    memory: dict[Any, Any]

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
    """Completes branches; never knows what a label is.

    An engine may have an attribute `in_flight`: the number of sessions to run at once,
    each in a thread of its own. The default is 1.
    """

    def session(self, n_texts: int) -> AbstractContextManager[Session]: ...
