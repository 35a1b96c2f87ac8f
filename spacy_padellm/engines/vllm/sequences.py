"""Branches that a server completes, and how its answers become completions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ...trees.branch import Branch, Completion
from ...trees.drafts import MentionDraft
from ...types import PromptTokenizer, TokenIds
from .answers import MOST_REPORTED, Ask, Written

# Tokens of a copy that are asked for at once. What a server writes after a token that
# may not follow is lost.
COPIED = 8


@dataclass(slots=True, eq=False)
class ServedSequence:
    """A branch and the tokens written for it so far.

    A server allows the same tokens at every place of an answer, but what may follow in
    a copy of the text depends on what was copied. So it is allowed all tokens that the
    copy may need for a while, and its choices are verified here: at each place, the
    likeliest token that may follow there is taken. Where that is another one than the
    server wrote, it is asked again from there.

    text, index: branch `index` of text `text`. state: the draft's.
    """

    text: int
    index: int
    branch: Branch
    tokenizer: PromptTokenizer
    state: Any = None
    ids: list[int] = field(default_factory=list)
    logprobs: list[float] = field(default_factory=list)
    candidates: tuple[float, ...] = ()

    @classmethod
    def start(
        cls, text: int, index: int, branch: Branch, tokenizer: PromptTokenizer
    ) -> "ServedSequence":
        state = branch.draft.start() if branch.constrained else None
        return cls(text, index, branch, tokenizer, state)

    @property
    def prompt(self) -> TokenIds:
        return self.branch.prompt + tuple(self.ids)

    def asks(self) -> list[Ask]:
        """What to ask next, each with `prompt`. All but the first only add
        log-probabilities of the next token, if the server cannot tell all at once."""
        branch = self.branch
        left = branch.max_new_tokens - len(self.ids)
        stop_ids = tuple(sorted(branch.stop_ids))
        wanted = self._may_follow()
        if branch.constrained:
            tokens = branch.draft.ahead(self.state, MOST_REPORTED - len(stop_ids))
            reported = tuple(dict.fromkeys([*wanted, *tokens]))
            allowed = reported
            left = min(left, COPIED)
        else:
            reported = () if self.ids else branch.candidates
            allowed = wanted
            left = 1 if wanted is not None else left
        parts = [
            reported[first : first + MOST_REPORTED]
            for first in range(0, max(1, len(reported)), MOST_REPORTED)
        ]
        first, *more = parts
        return [
            Ask(left, stop_ids, branch.stop_strings, allowed, first),
            *(Ask(1, stop_ids, (), allowed, part) for part in more),
        ]

    def accept(self, answers: Sequence[Written]) -> Completion | None:
        """Take the answers to `asks`: as many tokens as are right, one at least.

        Returns a Completion if the sequence ends.
        """
        written, *more = answers
        places = [dict(place) for place in written.reported]
        for one in more:
            places[0] |= one.reported[0]
        for token, logprobs in zip(written.ids, places, strict=True):
            wanted = self._may_follow()
            if wanted is not None and not logprobs.keys() >= set(wanted):
                return None
            best = token if wanted is None else max(wanted, key=logprobs.__getitem__)
            completion = self._append(best, logprobs, wanted)
            if completion is not None or best != token:
                return completion
        return None

    def _may_follow(self) -> TokenIds | None:
        """The tokens that may follow; None: all."""
        branch = self.branch
        if branch.constrained:
            is_copy = isinstance(branch.draft, MentionDraft)
            copied = branch.draft.allowed(self.state) if is_copy else ()
            return tuple(dict.fromkeys([*copied, *sorted(branch.stop_ids)]))
        among_candidates = branch.among_allowed and branch.candidates and not self.ids
        return branch.candidates if among_candidates else None

    def _append(
        self, token: int, logprobs: Mapping[int, float], wanted: TokenIds | None
    ) -> Completion | None:
        branch = self.branch
        norm = 0.0
        if branch.among_allowed and wanted is not None:
            norm = float(np.logaddexp.reduce([logprobs[one] for one in wanted]))
        if not self.ids:
            self.candidates = tuple(logprobs[one] - norm for one in branch.candidates)
        self.logprobs.append(logprobs[token] - norm)
        if token in branch.stop_ids:
            return self._completion(self.tokenizer.decode(self.ids), stopped=True)
        self.ids.append(token)
        if branch.constrained:
            self.state = branch.draft.advance(self.state, token)
        is_full = len(self.ids) == branch.max_new_tokens
        if not is_full and not branch.stop_strings:
            return None
        text = self.tokenizer.decode(self.ids)
        cuts = [text.find(string) for string in branch.stop_strings if string in text]
        if cuts:
            return self._completion(text[: min(cuts)], stopped=True)
        return self._completion(text, stopped=False) if is_full else None

    def _completion(self, text: str, *, stopped: bool) -> Completion:
        return Completion(
            tuple(self.ids), text, tuple(self.logprobs), stopped, self.candidates
        )
