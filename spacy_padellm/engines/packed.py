"""A batch of texts as a forest of token tries.

Each forward pass covers what the tries have new. A token has the position of its depth
and sees its ancestors alone. The cache is append-only: what a later pass must not see,
a rejected draft say, is masked.
"""

from collections.abc import Sequence
from itertools import chain
from typing import TYPE_CHECKING

import torch

from ..errors import Errors
from ..formats.base import PromptTokenizer
from ..models.decoding import Decoder
from ..models.lora import AdaptedLM
from ..models.loss import ancestors
from .base import Branch, Completion
from .forest import Pass, Tree, next_pass, share_rows
from .kv_cache import append_only_cache
from .live import LiveBranch, choose

if TYPE_CHECKING:
    from .transformers import Usage

LONGEST_DRAFT = 8


class PackedSession:
    """A batch of texts, their tries and their cache.

    free_tokens: so many tokens a pass cost no more than one; what the branches leave of
        them is for drafts.
    """

    def __init__(
        self,
        lm: AdaptedLM,
        decoder: Decoder,
        tokenizer: PromptTokenizer,
        n_texts: int,
        *,
        free_tokens: int,
        usage: "Usage",
    ) -> None:
        self.lm = lm
        self.decoder = decoder
        self.tokenizer = tokenizer
        self.free_tokens = free_tokens
        self.usage = usage
        self.trees: list[Tree | None] = [None] * n_texts
        self._forget()

    @torch.inference_mode()
    def complete(self, branches: Sequence[Sequence[Branch]]) -> list[list[Completion]]:
        # before anything enters the trees: a refused call leaves no trace in them
        for branch in chain.from_iterable(branches):
            self._check_length(branch)
        done: list[list[Completion | None]] = [[None] * len(row) for row in branches]
        live = self._begin(branches)
        while live:
            self._leave({one.tree.row for one in live})
            asked = list(chain.from_iterable(one.asked for one in live))
            logits = self._forward(
                [(one.tree, wanted.node) for one in live for wanted in one.asked]
            )
            norm = logits.logsumexp(dim=-1, keepdim=True)
            tokens, logprobs = choose(asked, logits, norm)
            share = max(0, self.free_tokens - len(live)) // len(live)
            going, at = [], 0
            for one in live:
                here = slice(at, at + len(one.asked))
                if not one.ids and one.branch.candidates:
                    wanted = logits[at, list(one.branch.candidates)] - norm[at]
                    one.candidates = tuple(wanted.tolist())
                completion = one.take(tokens[here], logprobs[here], self.tokenizer)
                if completion is None:
                    one.ask(min(share, LONGEST_DRAFT))
                    going.append(one)
                else:
                    done[one.text][one.place] = completion
                at = here.stop
            live = going
        return done

    def _check_length(self, branch: Branch) -> None:
        most = self.lm.context_length
        needed = len(branch.prompt) + branch.max_new_tokens
        if needed > most:
            raise ValueError(Errors.E601.format(needed=needed, most=most))

    # -- trees and rows ---------------------------------------------------------------

    def _begin(self, branches: Sequence[Sequence[Branch]]) -> list[LiveBranch]:
        """Enter all prompts into the trees of their texts."""
        asked = [text for text, row in enumerate(branches) if row]
        is_new = any(self.trees[text] is None for text in asked)
        if is_new:  # the rows of the cache are shared out once, for all texts
            self._forget()
            for text in asked:
                self.trees[text] = Tree(prefix=branches[text][0].prefix)
        live = []
        for text in asked:
            row = branches[text]
            # sorted prompts enter the trie in depth-first order
            for place in sorted(range(len(row)), key=lambda at: row[at].prompt):
                live.append(LiveBranch.begin(text, place, row[place], self.trees[text]))
        if is_new:
            trees = [tree for tree in self.trees if tree is not None]
            rows = share_rows([len(tree.trie) for tree in trees])
            for tree, row in zip(trees, rows, strict=True):
                tree.row = row
            self.visible = self.visible.new_zeros(max(rows) + 1, 0, 0)
        return live

    def _forget(self) -> None:
        """Begin with nothing in the cache."""
        self.trees = [None] * len(self.trees)
        self.cache = append_only_cache(
            self.lm.base.model.config.get_text_config().num_hidden_layers
        )
        # visible[row, slot, other]: whether the token in `slot` sees the one in `other`
        self.visible = torch.zeros(0, 0, 0, dtype=torch.bool, device=self.lm.device)

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

    def _forward(self, nodes: Sequence[tuple[Tree, int]]) -> torch.Tensor:
        """Run every new node; logits [nodes, vocabulary] behind those asked for."""
        firsts = {id(tree): len(tree.slots) for tree, _ in nodes}
        trees = [tree for tree in self.trees if tree is not None]
        new = next_pass(trees, len(self.visible), start=self.visible.shape[1])
        self.usage.passes += 1
        self.usage.tokens += new.tokens
        self.usage.padded += new.ids.size
        device = self.lm.device
        hidden = self.decoder.hidden(
            torch.from_numpy(new.ids).to(device),
            torch.from_numpy(new.positions).to(device),
            self._grow_visible(new),
            self.cache,
        )
        rows = [tree.row for tree, _ in nodes]
        columns = [tree.column + node - firsts[id(tree)] for tree, node in nodes]
        places = torch.tensor([rows, columns], device=device)
        return self.decoder.logits(hidden[places[0], places[1]])

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
        among = ancestors(
            torch.from_numpy(new.starts).to(attach.device),
            torch.from_numpy(new.ends).to(attach.device),
        )
        mask = torch.cat([seen, among], dim=2)
        grown = self.visible.new_zeros(rows, old + n_new, old + n_new)
        grown[:, :old, :old] = self.visible
        grown[:, old:] = mask
        self.visible = grown
        return mask
