"""A batch of texts as a forest of token tries.

Each forward pass covers what the tries have new. A token has the position of its depth
and sees its ancestors alone. The cache is append-only: what a later pass must not see,
a rejected draft say, is masked.
"""

from collections.abc import Sequence
from itertools import chain

import torch

from ..adapters.adapted import AdaptedLM
from ..errors import Errors
from ..execution.decoding import Decoder
from ..trees.branch import Branch, Completion
from ..trees.masks import ancestors
from ..types import PromptTokenizer
from .base import PromptTooLong
from .forest import Pass, Tree, next_pass, share_rows
from .kv_cache import append_only_cache
from .sequences import ActiveSequence, choose
from .usage import Usage

# Drafted tokens of each branch in a pass that has none free: most are right, and each
# of them is one that a later pass need not take. Halves the passes of a large batch.
DRAFTED = 2


class PackedSession:
    """A batch of texts, their tries and their cache.

    free_tokens: so many tokens a pass cost no more than one; what the branches leave of
        them is for drafts, and each has DRAFTED. 0: there are no drafts.
    """

    def __init__(
        self,
        lm: AdaptedLM,
        decoder: Decoder,
        tokenizer: PromptTokenizer,
        n_texts: int,
        *,
        free_tokens: int,
        usage: Usage,
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
        running = self._begin(branches)
        prefetched = [one for one in running if one.node in one.tree.prefetched]
        if prefetched:
            known = [one.tree.prefetched[one.node] for one in prefetched]
            waiting = [one for one in running if one.node not in one.tree.prefetched]
            running = waiting + self._step(prefetched, torch.stack(known), done)
        while running:
            self._leave({one.tree.row for one in running})
            running = self._step(running, self._forward(running), done)
        return done

    def _step(
        self,
        running: Sequence[ActiveSequence],
        logits: torch.Tensor,
        done: list[list[Completion | None]],
    ) -> list[ActiveSequence]:
        """Write what follows the nodes asked for; the branches that go on.

        logits: [nodes asked for, vocabulary], in the order of the branches.
        """
        asked = list(chain.from_iterable(one.asked for one in running))
        norm = logits.logsumexp(dim=-1, keepdim=True)
        tokens, logprobs = choose(asked, logits, norm)
        share = 0
        if self.free_tokens:
            share = max(DRAFTED, (self.free_tokens - len(running)) // len(running))
        going, at = [], 0
        for one in running:
            here = slice(at, at + len(one.asked))
            if not one.ids and one.branch.candidates:
                wanted = logits[at, list(one.branch.candidates)] - norm[at]
                one.candidates = tuple(wanted.tolist())
            completion = one.take(tokens[here], logprobs[here], self.tokenizer)
            if completion is None:
                one.ask(share)
                going.append(one)
            else:
                done[one.text][one.place] = completion
            at = here.stop
        return going

    def _check_length(self, branch: Branch) -> None:
        most = self.lm.context_length
        needed = len(branch.prompt) + branch.max_new_tokens
        if needed > most:
            raise PromptTooLong(Errors.E601.format(needed=needed, most=most))

    # -- trees and rows ---------------------------------------------------------------

    def _begin(self, branches: Sequence[Sequence[Branch]]) -> list[ActiveSequence]:
        """Enter all prompts into the trees of their texts."""
        asked = [text for text, row in enumerate(branches) if row]
        is_new = any(self.trees[text] is None for text in asked)
        if not is_new:
            return self._enter(branches, asked)
        self._forget()
        running = self._enter(branches, asked)
        trees = [self.trees[text] for text in asked]
        n_groups = self._free_groups(running, sum(len(tree.trie) for tree in trees))
        if n_groups:  # anew: all nodes enter the trees in depth-first order
            self._forget()
            running = self._enter(branches, asked, n_groups)
            trees = [self.trees[text] for text in asked]
        # the rows of the cache are shared out once, for all texts
        rows = share_rows([len(tree.trie) for tree in trees])
        for tree, row in zip(trees, rows, strict=True):
            tree.row = row
        self.visible = self.visible.new_zeros(max(rows) + 1, 0, 0)
        return running

    def _enter(
        self,
        branches: Sequence[Sequence[Branch]],
        asked: Sequence[int],
        n_groups: int = 0,
    ) -> list[ActiveSequence]:
        """The branches of the texts asked for, with so many groups of the prompts ahead
        of each."""
        running = []
        for text in asked:
            row = branches[text]
            tree = self.trees[text] or Tree(prefix=row[0].prefix)
            self.trees[text] = tree
            ahead = [
                prompt
                for one in row
                for group in one.prefetch[:n_groups]
                for prompt in group
            ]
            if ahead:
                for prompt in sorted([*ahead, *(one.prompt for one in row)]):
                    tree.insert(prompt)
            # sorted prompts enter the trie in depth-first order
            for place in sorted(range(len(row)), key=lambda at: row[at].prompt):
                running.append(ActiveSequence.begin(text, place, row[place], tree))
            self._prefetching += [(tree, tree.insert(prompt)) for prompt in ahead]
        return running

    def _free_groups(self, running: Sequence[ActiveSequence], n_tokens: int) -> int:
        """How many groups of the prompts ahead of each branch cost next to nothing in a
        pass of so many tokens."""
        most = max((len(one.branch.prefetch) for one in running), default=0)
        for n_groups in range(1, most + 1):
            for one in running:
                begun = len(one.branch.prompt)
                for group in one.branch.prefetch[n_groups - 1 : n_groups]:
                    n_tokens += len(
                        {
                            ids[:n]
                            for ids in group
                            for n in range(begun + 1, len(ids) + 1)
                        }
                    )
            if n_tokens > self.free_tokens:
                return n_groups - 1
        return most

    def _forget(self) -> None:
        """Begin with nothing in the cache."""
        self.trees = [None] * len(self.trees)
        self._prefetching: list[tuple[Tree, int]] = []
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

    def _forward(self, running: Sequence[ActiveSequence]) -> torch.Tensor:
        """Run every new node; logits [nodes, vocabulary] behind those asked for."""
        nodes = [(one.tree, wanted.node) for one in running for wanted in one.asked]
        n_asked = len(nodes)
        nodes += self._prefetching
        firsts = {id(tree): len(tree.slots) for tree, _ in nodes}
        trees = [tree for tree in self.trees if tree is not None]
        new = next_pass(trees, len(self.visible), start=self.visible.shape[1])
        self.usage.passes += 1
        self.usage.tokens += len(new.real)
        self.usage.attended += new.ids.size
        self.usage.padded += self.decoder.computed_tokens(*new.ids.shape, len(new.real))
        device = self.lm.device
        hidden = self.decoder.hidden(
            torch.from_numpy(new.ids).to(device),
            torch.from_numpy(new.positions).to(device),
            self._grow_visible(new),
            self.cache,
            torch.from_numpy(new.real).to(device),
        )
        rows = [tree.row for tree, _ in nodes]
        columns = [tree.column + node - firsts[id(tree)] for tree, node in nodes]
        places = torch.tensor([rows, columns], device=device)
        logits = self.decoder.logits(hidden[places[0], places[1]])
        for (tree, node), row in zip(self._prefetching, logits[n_asked:], strict=True):
            tree.prefetched[node] = row
        self._prefetching = []
        return logits[:n_asked]

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
