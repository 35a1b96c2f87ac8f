"""Branches completed in process, packed: a batch of texts is a batch of token tries.

Each forward pass covers what the trees have new, one tree a row. A token has the
position of its depth and sees its ancestors alone. The cache is append-only: what a
later pass must not see is masked.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import chain

import numpy as np
import torch

from ..errors import Errors
from ..formats.base import PromptTokenizer
from ..models.lora import AdaptedLM
from ..models.loss import ancestors
from ..trees.trie import ROOT, Trie, subtree_ends
from .base import Branch, Completion
from .kv_cache import append_only_cache


class TransformersEngine:
    """Completes branches with a model in this process."""

    def __init__(self, lm: AdaptedLM, tokenizer: PromptTokenizer) -> None:
        self.lm = lm
        self.tokenizer = tokenizer

    @contextmanager
    def session(self, n_texts: int) -> Iterator["PackedSession"]:
        yield PackedSession(self.lm, self.tokenizer, n_texts)


@dataclass(slots=True)
class _Row:
    """The tree of one text. slots: where each node's keys and values lie in the cache;
    nodes from `len(slots)` on have not been through the model."""

    trie: Trie = field(default_factory=Trie)
    slots: list[int] = field(default_factory=list)


@dataclass(slots=True)
class _Live:
    """A branch under completion. node: the last node of what is written so far."""

    row: int
    branch: Branch
    node: int
    ids: list[int] = field(default_factory=list)
    logprobs: list[float] = field(default_factory=list)
    candidates: tuple[float, ...] = ()


class PackedSession:
    """A batch of texts, their trees and their cache."""

    def __init__(self, lm: AdaptedLM, tokenizer: PromptTokenizer, n_texts: int) -> None:
        self.lm = lm
        self.tokenizer = tokenizer
        self.rows = [_Row() for _ in range(n_texts)]
        self.cache = append_only_cache(
            lm.base.model.config.get_text_config().num_hidden_layers
        )
        # visible[row, slot, other]: whether the token in `slot` sees the one in `other`
        self.visible = torch.zeros(n_texts, 0, 0, dtype=torch.bool, device=lm.device)

    @torch.inference_mode()
    def complete(self, branches: Sequence[Sequence[Branch]]) -> list[list[Completion]]:
        # before anything enters the trees: a refused call leaves no trace in them
        for branch in chain.from_iterable(branches):
            self._check_length(branch)
        done: list[list[Completion | None]] = [[None] * len(row) for row in branches]
        places: dict[int, tuple[int, int]] = {}
        live: list[_Live] = []
        for row, asked in enumerate(branches):
            # sorted prompts enter the trie in depth-first order
            for place in sorted(range(len(asked)), key=lambda at: asked[at].prompt):
                branch = asked[place]
                node = self._insert(row, branch.prompt)
                state = _Live(row, branch, node)
                places[id(state)] = (row, place)
                live.append(state)
        while live:
            logprobs = self._forward(live)
            best = logprobs.max(dim=-1)
            tokens, chosen = best.indices.tolist(), best.values.tolist()
            going = []
            for place, (state, token, logprob) in enumerate(
                zip(live, tokens, chosen, strict=True)
            ):
                if not state.ids and state.branch.candidates:
                    wanted = list(state.branch.candidates)
                    state.candidates = tuple(logprobs[place, wanted].tolist())
                state.logprobs.append(logprob)
                completion = self._advance(state, token)
                if completion is None:
                    going.append(state)
                else:
                    row, at = places[id(state)]
                    done[row][at] = completion
            live = going
        return done

    def _check_length(self, branch: Branch) -> None:
        most = self.lm.context_length
        needed = len(branch.prompt) + branch.max_new_tokens
        if needed > most:
            raise ValueError(Errors.E601.format(needed=needed, most=most))

    def _insert(self, row: int, ids: Sequence[int], parent: int = ROOT) -> int:
        """The node of the last of `ids`, to be run in the next pass."""
        tree = self.rows[row]
        node = tree.trie.insert(ids, parent)[-1]
        if node < len(tree.slots):
            # Its hidden state is gone: the token goes through the model once more,
            # beside its first copy, which it cannot see.
            return tree.trie.duplicate(node)
        return node

    def _advance(self, state: _Live, token: int) -> Completion | None:
        """Take the token that was chosen; a Completion where the branch ends."""
        branch = state.branch
        if token in branch.stop_ids:
            return self._completion(state, self.tokenizer.decode(state.ids), True)
        state.ids.append(token)
        if branch.stop_strings:
            text = self.tokenizer.decode(state.ids)
            cuts = [text.find(string) for string in branch.stop_strings]
            if any(cut >= 0 for cut in cuts):
                cut = min(cut for cut in cuts if cut >= 0)
                return self._completion(state, text[:cut], True)
        if len(state.ids) == branch.max_new_tokens:
            return self._completion(state, self.tokenizer.decode(state.ids), False)
        state.node = self._insert(state.row, (token,), state.node)
        return None

    @staticmethod
    def _completion(state: _Live, text: str, stopped: bool) -> Completion:
        return Completion(
            tuple(state.ids),
            text,
            tuple(state.logprobs),
            stopped,
            state.candidates,
        )

    def _forward(self, live: Sequence[_Live]) -> torch.Tensor:
        """Run every new node; log-probabilities [branches, vocabulary] behind each."""
        start = self.visible.shape[1]
        pending = [range(len(row.slots), len(row.trie)) for row in self.rows]
        width = max(len(nodes) for nodes in pending)
        shape = (len(self.rows), width)
        ids = np.zeros(shape, dtype=np.int64)
        positions = np.zeros(shape, dtype=np.int64)
        attach = np.full(shape, -1, dtype=np.int64)
        ends = np.tile(np.arange(1, width + 1), (len(self.rows), 1))
        for place, (row, nodes) in enumerate(zip(self.rows, pending, strict=True)):
            if not nodes:
                continue
            first, n_new = nodes.start, len(nodes)
            parents = row.trie.parents[first:]
            ids[place, :n_new] = row.trie.tokens[first:]
            positions[place, :n_new] = row.trie.depths[first:]
            ends[place, :n_new] = subtree_ends([parent - first for parent in parents])
            for at, parent in enumerate(parents):
                if parent >= first:
                    attach[place, at] = attach[place, parent - first]
                elif parent != ROOT:
                    attach[place, at] = row.slots[parent]
            row.slots.extend(range(start, start + n_new))
        device = self.lm.device
        tensors = [
            torch.from_numpy(a).to(device) for a in (ids, positions, attach, ends)
        ]
        mask = self._grow_visible(*tensors[2:])
        hidden = self.lm.hidden(tensors[0], tensors[1], mask, self.cache)
        rows = [state.row for state in live]
        slots = [self.rows[state.row].slots[state.node] - start for state in live]
        return self.lm.logits(hidden[rows, slots]).log_softmax(dim=-1)

    def _grow_visible(self, attach: torch.Tensor, ends: torch.Tensor) -> torch.Tensor:
        """The new tokens' mask [texts, new, old + new]: what the old node sees to which
        a token's branch is attached, and the token's ancestors among the new."""
        texts, new = attach.shape
        old = self.visible.shape[1]
        row = torch.arange(texts, device=attach.device)[:, None]
        seen = self.visible.new_zeros(texts, new, old)
        if old:
            seen = self.visible[row, attach.clamp(min=0)] & (attach >= 0)[..., None]
        mask = torch.cat([seen, ancestors(ends)], dim=2)
        grown = self.visible.new_zeros(texts, old + new, old + new)
        grown[:, :old, :old] = self.visible
        grown[:, old:] = mask
        self.visible = grown
        return mask
