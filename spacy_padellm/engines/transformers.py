"""Branches completed in process, packed: a batch of texts is a forest of token tries.

Each forward pass covers what the tries have new. A token has the position of its depth
and sees its ancestors alone. The cache is append-only: what a later pass must not see,
a rejected draft say, is masked.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

import torch

from ..errors import Errors
from ..formats.base import PromptTokenizer
from ..models.lora import AdaptedLM
from ..models.loss import ancestors
from .base import Branch, Completion
from .drafts import MentionDraft
from .forest import Pass, Tree, next_pass, share_rows
from .kv_cache import append_only_cache

# A pass reads all weights, however few tokens it has: up to so many, drafts are free.
FREE_TOKENS = {"cpu": 32, "cuda": 256, "mps": 64}
LONGEST_DRAFT = 8


@dataclass(slots=True)
class Usage:
    """What an engine has done so far.

    sessions: batches of texts. passes: forward passes. tokens: that went through the
        model. padded: the same with padding.
    """

    sessions: int = 0
    passes: int = 0
    tokens: int = 0
    padded: int = 0


class TransformersEngine:
    """Completes branches with a model in this process.

    drafts: whether a branch's draft is used.
    """

    def __init__(
        self, lm: AdaptedLM, tokenizer: PromptTokenizer, *, drafts: bool = True
    ) -> None:
        self.lm = lm
        self.tokenizer = tokenizer
        self.free_tokens = FREE_TOKENS[lm.device.type] if drafts else 0
        self.usage = Usage()

    @contextmanager
    def session(self, n_texts: int) -> Iterator["PackedSession"]:
        self.usage.sessions += 1
        yield PackedSession(self, n_texts)


@dataclass(slots=True)
class _Live:
    """A branch under completion.

    text, place: which branch of which text it is. node: the last node of what is
        written so far. state: of its draft, there. asked: the nodes behind which the
        next token is wanted, `node` and the draft's behind it.
    """

    text: int
    place: int
    branch: Branch
    node: int
    state: Any = None
    asked: "list[_Asked]" = field(default_factory=list)
    ids: list[int] = field(default_factory=list)
    logprobs: list[float] = field(default_factory=list)
    candidates: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class _Asked:
    """A node behind which a branch wants to know the next token."""

    live: _Live
    node: int
    state: Any


class PackedSession:
    """A batch of texts, their tries and their cache."""

    def __init__(self, engine: TransformersEngine, n_texts: int) -> None:
        self.lm = engine.lm
        self.tokenizer = engine.tokenizer
        self.usage = engine.usage
        self.free_tokens = engine.free_tokens
        self.trees: list[Tree | None] = [None] * n_texts
        self._forget()

    def _forget(self) -> None:
        """Begin with nothing in the cache."""
        self.trees = [None] * len(self.trees)
        self.cache = append_only_cache(
            self.lm.base.model.config.get_text_config().num_hidden_layers
        )
        # visible[row, slot, other]: whether the token in `slot` sees the one in `other`
        self.visible = torch.zeros(0, 0, 0, dtype=torch.bool, device=self.lm.device)

    @torch.inference_mode()
    def complete(self, branches: Sequence[Sequence[Branch]]) -> list[list[Completion]]:
        # before anything enters the trees: a refused call leaves no trace in them
        for branch in chain.from_iterable(branches):
            self._check_length(branch)
        self._plant([text for text, asked in enumerate(branches) if asked])
        done: list[list[Completion | None]] = [[None] * len(row) for row in branches]
        live: list[_Live] = []
        for text, asked in enumerate(branches):
            # sorted prompts enter the trie in depth-first order
            for place in sorted(range(len(asked)), key=lambda at: asked[at].prompt):
                branch = asked[place]
                node = self.trees[text].insert(branch.prompt)
                state = branch.draft.start() if branch.draft else None
                one = _Live(text, place, branch, node, state)
                one.asked = [_Asked(one, node, state)]
                live.append(one)
        if self.visible.shape[1] == 0:
            self._share_rows()
        while live:
            self._leave({self.trees[one.text].row for one in live})
            asked = [wanted for one in live for wanted in one.asked]
            nodes = [(self.trees[one.live.text], one.node) for one in asked]
            logits = self._forward(nodes)
            norm = logits.logsumexp(dim=-1, keepdim=True)
            tokens, logprobs = self._choose(asked, logits, norm)
            rows = {(id(one.live), one.node): at for at, one in enumerate(asked)}
            share = max(0, self.free_tokens - len(live)) // len(live)
            going = []
            for one in live:
                at = rows[id(one), one.node]
                if not one.ids and one.branch.candidates:
                    wanted = logits[at, list(one.branch.candidates)] - norm[at]
                    one.candidates = tuple(wanted.tolist())
                completion = self._advance(one, rows, tokens, logprobs)
                if completion is None:
                    self._ask(one, min(share, LONGEST_DRAFT))
                    going.append(one)
                else:
                    done[one.text][one.place] = completion
            live = going
        return done

    def _check_length(self, branch: Branch) -> None:
        most = self.lm.context_length
        needed = len(branch.prompt) + branch.max_new_tokens
        if needed > most:
            raise ValueError(Errors.E601.format(needed=needed, most=most))

    # -- rows -------------------------------------------------------------------------

    def _plant(self, texts: Sequence[int]) -> None:
        """A tree for each text; all anew if one of them has none beside others that
        have: the rows of the cache are shared out once."""
        if any(self.trees[text] is None for text in texts):
            self._forget()
            for text in texts:
                self.trees[text] = Tree()

    def _share_rows(self) -> None:
        """Share out the rows, now that the trees' sizes are known."""
        trees = [tree for tree in self.trees if tree is not None]
        rows = share_rows([len(tree.trie) for tree in trees])
        for tree, row in zip(trees, rows, strict=True):
            tree.row = row
        n_rows = max(rows, default=-1) + 1
        self.visible = self.visible.new_zeros(n_rows, 0, 0)

    def _leave(self, rows: set[int]) -> None:
        """Leave all rows of the batch but these, if that is half of them or more."""
        if 2 * len(rows) > len(self.visible):
            return
        kept = sorted(rows)
        for text, tree in enumerate(self.trees):
            if tree is not None and tree.row in rows:
                tree.row = kept.index(tree.row)
            else:
                self.trees[text] = None
        index = torch.tensor(kept, device=self.visible.device)
        self.visible = self.visible[index]
        for layer in self.cache.layers:
            layer.keep_rows(index)

    # -- one pass ---------------------------------------------------------------------

    def _ask(self, one: _Live, most: int) -> None:
        """Ask behind a branch's node, and behind at most so many nodes of its draft,
        which enter the trie at once: so its pending nodes stay in depth-first order."""
        draft, tree = one.branch.draft, self.trees[one.text]
        one.asked = [_Asked(one, one.node, one.state)]
        left = one.branch.max_new_tokens - len(one.ids) - 1
        if draft is None or min(most, left) < 1:
            return
        proposed = draft.propose(one.state, min(most, left))[:most]
        share = most // max(1, len(proposed))
        found: dict[int, _Asked] = {}
        for ids in sorted(ids[:share] for ids in proposed):
            node, state = one.node, one.state
            for token in ids:
                node, state = tree.insert((token,), node), draft.advance(state, token)
                found[node] = _Asked(one, node, state)
        one.asked += found.values()

    def _forward(self, nodes: Sequence[tuple[Tree, int]]) -> torch.Tensor:
        """Run every new node; logits [nodes, vocabulary] behind those asked for."""
        start, n_rows = self.visible.shape[1], len(self.visible)
        places = [(tree.row, node - len(tree.slots)) for tree, node in nodes]
        trees = [tree for tree in self.trees if tree is not None]
        new = next_pass(trees, n_rows, start)
        self.usage.passes += 1
        self.usage.tokens += new.tokens
        self.usage.padded += new.ids.size
        device = self.lm.device
        hidden = self.lm.hidden(
            torch.from_numpy(new.ids).to(device),
            torch.from_numpy(new.positions).to(device),
            self._grow_visible(new),
            self.cache,
        )
        rows = torch.tensor([row for row, _ in places], device=device)
        columns = torch.tensor(
            [
                tree.column + at
                for (tree, _), (_, at) in zip(nodes, places, strict=True)
            ],
            device=device,
        )
        return self.lm.logits(hidden[rows, columns])

    def _grow_visible(self, new: Pass) -> torch.Tensor:
        """The new tokens' mask [rows, new, old + new]: what the old node sees to which
        a token's branch is attached, and the token's ancestors among the new."""
        attach = torch.from_numpy(new.attach).to(self.lm.device)
        rows, n_new = attach.shape
        old = self.visible.shape[1]
        row = torch.arange(rows, device=attach.device)[:, None]
        seen = self.visible.new_zeros(rows, n_new, old)
        if old:
            seen = self.visible[row, attach.clamp(min=0)] & (attach >= 0)[..., None]
        among = ancestors(torch.from_numpy(new.ends).to(attach.device))
        mask = torch.cat([seen, among], dim=2)
        grown = self.visible.new_zeros(rows, old + n_new, old + n_new)
        grown[:, :old, :old] = self.visible
        grown[:, old:] = mask
        self.visible = grown
        return mask

    # -- what was written -------------------------------------------------------------

    @staticmethod
    def _choose(
        asked: Sequence[_Asked], logits: torch.Tensor, norm: torch.Tensor
    ) -> tuple[list[int], list[float]]:
        """The likeliest token behind each node, of those that may follow there, and its
        log-probability among all."""
        best = logits.max(dim=-1)
        tokens, values = best.indices, best.values
        bound = [
            (at, [*_allowed(one), *one.live.branch.stop_ids])
            for at, one in enumerate(asked)
            if one.live.branch.only_draft
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

    def _advance(
        self,
        one: _Live,
        rows: dict[tuple[int, int], int],
        tokens: Sequence[int],
        logprobs: Sequence[float],
    ) -> Completion | None:
        """Take the tokens that were chosen as far as the draft agreed with them, and
        one more; a Completion where the branch ends."""
        tree = self.trees[one.text]
        while True:
            at = rows[id(one), one.node]
            one.logprobs.append(logprobs[at])
            completion = self._take(one, tokens[at])
            if completion is not None:
                return completion
            drafted = tree.trie.child(one.node, tokens[at])
            if drafted is None or (id(one), drafted) not in rows:
                one.node = tree.insert((tokens[at],), one.node)
                return None
            one.node = drafted

    def _take(self, one: _Live, token: int) -> Completion | None:
        branch = one.branch
        if token in branch.stop_ids:
            return self._completion(one, self.tokenizer.decode(one.ids), True)
        one.ids.append(token)
        if branch.draft:
            one.state = branch.draft.advance(one.state, token)
        if branch.stop_strings:
            text = self.tokenizer.decode(one.ids)
            cuts = [text.find(string) for string in branch.stop_strings]
            if any(cut >= 0 for cut in cuts):
                cut = min(cut for cut in cuts if cut >= 0)
                return self._completion(one, text[:cut], True)
        if len(one.ids) == branch.max_new_tokens:
            return self._completion(one, self.tokenizer.decode(one.ids), False)
        return None

    @staticmethod
    def _completion(one: _Live, text: str, stopped: bool) -> Completion:
        return Completion(
            tuple(one.ids), text, tuple(one.logprobs), stopped, one.candidates
        )


def _allowed(asked: _Asked) -> list[int]:
    draft = asked.live.branch.draft
    return draft.allowed(asked.state) if isinstance(draft, MentionDraft) else []
