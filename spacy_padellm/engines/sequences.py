"""Branches under completion, and which token each takes next."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import torch

from ..trees.branch import Branch, Completion
from ..trees.drafts import MentionDraft
from ..types import PromptTokenizer
from .forest import Tree


@dataclass(frozen=True, slots=True)
class Asked:
    """A node behind which a branch wants to know the next token.

    state: of the branch's draft, there.
    """

    branch: Branch
    node: int
    state: Any


@dataclass(slots=True, eq=False)
class ActiveSequence:
    """A branch, and what is written for it so far.

    text, place: which branch of which text it is. tree: the text's. node: the last of
        what is written. asked: the nodes behind which the next token is wanted: `node`,
        and those of a draft behind it.
    """

    text: int
    place: int
    branch: Branch
    tree: Tree
    node: int
    asked: list[Asked]
    ids: list[int] = field(default_factory=list)
    logprobs: list[float] = field(default_factory=list)
    candidates: tuple[float, ...] = ()

    @classmethod
    def begin(
        cls, text: int, place: int, branch: Branch, tree: Tree
    ) -> "ActiveSequence":
        node = tree.insert(branch.prompt)
        state = branch.draft.start() if branch.draft else None
        return cls(text, place, branch, tree, node, [Asked(branch, node, state)])

    def ask(self, most: int) -> None:
        """Ask behind the branch's node, and behind at most so many nodes of its draft,
        which enter the trie at once: so its pending nodes stay in depth-first order."""
        draft, state = self.branch.draft, self._state()
        self.asked = [Asked(self.branch, self.node, state)]
        if draft is None:
            return
        most = min(most, draft.longest)
        left = self.branch.max_new_tokens - len(self.ids) - 1
        if min(most, left) < 1:
            return
        proposed = draft.propose(state, min(most, left))[:most]
        share = most // max(1, len(proposed))
        found: dict[int, Asked] = {}
        for ids in sorted(ids[:share] for ids in proposed):
            node, behind = self.node, state
            for token in ids:
                node = self.tree.insert((token,), node)
                behind = draft.advance(behind, token)
                found[node] = Asked(self.branch, node, behind)
        self.asked += found.values()

    def take(
        self,
        tokens: Sequence[int],
        logprobs: Sequence[float],
        tokenizer: PromptTokenizer,
    ) -> Completion | None:
        """Take what was chosen behind the nodes asked for, as far as the draft agrees
        with it, and one token more; a Completion where the branch ends."""
        answers = {one.node: at for at, one in enumerate(self.asked)}
        while True:
            at = answers[self.node]
            self.logprobs.append(logprobs[at])
            completion = self._write(tokens[at], tokenizer)
            if completion is not None:
                return completion
            drafted = self.tree.trie.child(self.node, tokens[at])
            if drafted not in answers:
                self.node = self.tree.insert((tokens[at],), self.node)
                return None
            self.node = drafted

    def _state(self) -> Any:
        """The draft's state behind all that is written."""
        draft = self.branch.draft
        if draft is None:
            return None
        known = {one.node: one.state for one in self.asked}
        parent = self.tree.trie.parents[self.node]
        return draft.advance(known[parent], self.ids[-1])

    def _write(self, token: int, tokenizer: PromptTokenizer) -> Completion | None:
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


def choose(
    asked: Sequence[Asked], logits: torch.Tensor, norm: torch.Tensor
) -> tuple[list[int], list[float]]:
    """The likeliest token behind each node, of those that may follow there, and its
    log-probability among all.

    logits: [nodes, vocabulary]; norm: their logsumexp, [nodes, 1].
    """
    best = logits.max(dim=-1)
    tokens, values = best.indices, best.values
    bound = [
        (at, [*_allowed(one), *one.branch.stop_ids])
        for at, one in enumerate(asked)
        if one.branch.constrained
    ]
    if bound:
        widest = max(len(allowed) for _, allowed in bound)
        padded = [ids + ids[-1:] * (widest - len(ids)) for _, ids in bound]
        rows = torch.tensor([at for at, _ in bound], device=logits.device)
        choices = torch.tensor(padded, device=logits.device)
        among = logits[rows[:, None], choices].max(dim=-1)
        tokens[rows] = choices.gather(1, among.indices[:, None])[:, 0]
        values[rows] = among.values
    return tokens.tolist(), (values - norm[:, 0]).tolist()


def _allowed(asked: Asked) -> list[int]:
    draft = asked.branch.draft
    return draft.allowed(asked.state) if isinstance(draft, MentionDraft) else []
