"""Compute how many tokens a prompt and its answer may need, without a model."""

import math
from collections.abc import Sequence

import numpy as np

from ..formats.base import Format, Query
from ..formats.extraction import extract_in_session
from ..trees.branch import Branch, Completion
from ..trees.pointers import PointerTree
from ..types import PromptTokenizer

# The measured counts and mention numbers have one digit. This leaves room for more.
SPARE = 8
# Log-odds of no mention.
NOTHING = -99.0


def longest_sequence(query: Query, format: Format, tokenizer: PromptTokenizer) -> int:
    """Return the maximum tokens of a query's sequences, including prompt and answer."""
    session = MeasuringSession(tokenizer)
    extract_in_session([query], session, tokenizer=tokenizer, format=format)
    return session.longest + SPARE


class MeasuringSession:
    """Records the longest sequence that a format requests. It answers the first request
    with the second candidate, which is a count of 1, and all others with no text."""

    def __init__(self, tokenizer: PromptTokenizer) -> None:
        self.tokenizer = tokenizer
        self.longest = 0
        self.breadths: dict[str, float] = {}
        self._chose = False

    def complete(self, branches: Sequence[Sequence[Branch]]) -> list[list[Completion]]:
        for row in branches:
            for branch in row:
                needed = len(branch.prompt) + branch.max_new_tokens
                self.longest = max(self.longest, needed)
        answers = [[self._answer(branch) for branch in row] for row in branches]
        self._chose = True
        return answers

    def score(self, trees: Sequence[PointerTree]) -> list[np.ndarray]:
        for tree in trees:
            self.longest = max(self.longest, tree.span)
        return [
            np.full((len(tree.queries), len(tree.keys), 3), NOTHING) for tree in trees
        ]

    def _answer(self, branch: Branch) -> Completion:
        if self._chose or len(branch.candidates) < 2:
            logprobs = (-math.inf,) * len(branch.candidates)
            return Completion((), "", (0.0,), True, logprobs)
        _, chosen, *others = branch.candidates
        logprobs = (-math.inf, 0.0, *[-math.inf] * len(others))
        text = self.tokenizer.decode((chosen,))
        return Completion((chosen,), text, (0.0,), False, logprobs)
