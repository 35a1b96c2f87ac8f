"""Sequences that are being generated, and how their next tokens are sampled."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import torch

from ..trees.branch import Branch, Completion
from ..trees.drafts import MentionDraft
from ..types import PromptTokenizer
from .forest import Tree


@dataclass(frozen=True, slots=True)
class SamplePosition:
    """A node after which a branch samples; `state` is its draft's state there, `first`
    is whether the token is the branch's first."""

    branch: Branch
    node: int
    state: Any
    first: bool = False


@dataclass(slots=True, eq=False)
class ActiveSequence:
    """A branch and the tokens generated for it so far.

    text, index: branch `index` of text `text`. tree: the text's tree. node: the
        sequence's last token. positions: `node` and the drafted nodes after it.
    """

    text: int
    index: int
    branch: Branch
    tree: Tree
    node: int
    positions: list[SamplePosition]
    ids: list[int] = field(default_factory=list)
    logprobs: list[float] = field(default_factory=list)
    candidates: tuple[float, ...] = ()

    @classmethod
    def start(
        cls, text: int, index: int, branch: Branch, tree: Tree
    ) -> "ActiveSequence":
        node = tree.insert(branch.prompt)
        state = branch.draft.start() if branch.draft else None
        positions = [SamplePosition(branch, node, state, first=True)]
        return cls(text, index, branch, tree, node, positions)

    def propose(self, limit: int) -> None:
        """Draft up to `limit` tokens. They enter the trie at once, so that its pending
        nodes stay in depth-first order."""
        draft, state = self.branch.draft, self._draft_state()
        self.positions = [SamplePosition(self.branch, self.node, state)]
        if draft is None:
            return
        limit = min(limit, draft.longest)
        left = self.branch.max_new_tokens - len(self.ids) - 1
        if min(limit, left) < 1:
            return
        proposed = draft.propose(state, min(limit, left))[:limit]
        share = limit // max(1, len(proposed))
        drafted: dict[int, SamplePosition] = {}
        for ids in sorted(ids[:share] for ids in proposed):
            node, next_state = self.node, state
            for token in ids:
                node = self.tree.insert((token,), node)
                next_state = draft.advance(next_state, token)
                drafted[node] = SamplePosition(self.branch, node, next_state)
        self.positions += drafted.values()

    def accept(
        self,
        tokens: Sequence[int],
        logprobs: Sequence[float],
        tokenizer: PromptTokenizer,
    ) -> Completion | None:
        """Accept the drafted tokens that equal the sampled ones, and one token more.

        tokens, logprobs: sampled at each of `positions`.
        Returns a Completion if the sequence ends.
        """
        numbers = {position.node: n for n, position in enumerate(self.positions)}
        while True:
            n = numbers[self.node]
            self.logprobs.append(logprobs[n])
            completion = self._append(tokens[n], tokenizer)
            if completion is not None:
                return completion
            drafted = self.tree.trie.child(self.node, tokens[n])
            if drafted not in numbers:
                self.node = self.tree.insert((tokens[n],), self.node)
                return None
            self.node = drafted

    def _draft_state(self) -> Any:
        """The draft's state after all generated tokens."""
        draft = self.branch.draft
        if draft is None:
            return None
        states = {position.node: position.state for position in self.positions}
        parent = self.tree.trie.parents[self.node]
        return draft.advance(states[parent], self.ids[-1])

    def _append(self, token: int, tokenizer: PromptTokenizer) -> Completion | None:
        branch = self.branch
        if token in branch.stop_ids:
            return self._completion(tokenizer.decode(self.ids), stopped=True)
        self.ids.append(token)
        if branch.stop_strings:
            text = tokenizer.decode(self.ids)
            cuts = [text.find(string) for string in branch.stop_strings]
            if any(cut >= 0 for cut in cuts):
                cut = min(cut for cut in cuts if cut >= 0)
                return self._completion(text[:cut], stopped=True)
        if len(self.ids) == branch.max_new_tokens:
            return self._completion(tokenizer.decode(self.ids), stopped=False)
        return None

    def _completion(self, text: str, *, stopped: bool) -> Completion:
        return Completion(
            tuple(self.ids), text, tuple(self.logprobs), stopped, self.candidates
        )


def sample_greedily(
    positions: Sequence[SamplePosition], logits: torch.Tensor
) -> tuple[list[int], list[float], torch.Tensor]:
    """The most likely allowed token at each position, and its log-probability.

    logits: [positions, vocabulary].

    Also returns the normalizers, [positions]: logit - normalizer = log-probability.
    """
    best = logits.max(dim=-1)
    tokens, values = best.indices, best.values
    norm = logits.logsumexp(dim=-1)
    allowed = [
        (row, ids)
        for row, position in enumerate(positions)
        if (ids := _allowed(position)) is not None
    ]
    if allowed:
        device = logits.device
        widest = max(len(ids) for _, ids in allowed)
        padded = [[*ids, *[-1] * (widest - len(ids))] for _, ids in allowed]
        choices = torch.tensor(padded, device=device)
        rows = torch.tensor([row for row, _ in allowed], device=device)
        wanted = logits[rows[:, None], choices].masked_fill(choices < 0, -math.inf)
        best = wanted.max(dim=-1)
        tokens[rows] = choices.gather(1, best.indices[:, None])[:, 0]
        values[rows] = best.values
        among = [positions[row].branch.among_allowed for row, _ in allowed]
        among = torch.tensor(among, device=device)
        norm[rows] = torch.where(among, wanted.logsumexp(dim=-1), norm[rows])
    return tokens.tolist(), (values - norm).tolist(), norm


def _allowed(position: SamplePosition) -> Sequence[int] | None:
    """The tokens that may follow; None: all."""
    branch = position.branch
    if branch.constrained:
        draft, state = branch.draft, position.state
        copied = draft.allowed(state) if isinstance(draft, MentionDraft) else []
        return [*copied, *branch.stop_ids]
    among_candidates = branch.among_allowed and branch.candidates and position.first
    return branch.candidates if among_candidates else None
