"""A batch of texts as a forest of token tries.

Each forward pass runs the new nodes of all tries. The position of a token is its depth,
and it attends to its ancestors alone. The cache is append-only: nodes that later passes
must not see, such as a rejected draft, are masked.
"""

from collections.abc import Sequence
from itertools import chain

import numpy as np
import torch

from ..adapters.adapted import AdaptedLM
from ..execution.decoding import Decoding
from ..execution.trial import checked_logits
from ..trees.branch import Branch, Completion
from ..trees.masks import ancestors
from ..trees.pointers import PointerTree
from ..trees.rows import assign_rows
from ..types import PromptTokenizer
from .base import check_fits
from .forest import ForwardBatch, Tree, next_batch
from .kv_cache import append_only_cache
from .scoring import score
from .sequences import ActiveSequence, sample_greedily
from .usage import Usage

# Each branch drafts at least this many tokens, even if they are not free: most drafted
# tokens are accepted and save a pass. This halves the passes of a large batch.
DRAFTED = 2


class PackedSession:
    """A batch of texts, their tries and their cache.

    free_tokens: a pass over this many tokens costs no more than over one. Drafts and
        prefetched prompts fill a pass up to it. 0: there are no drafts.
    """

    def __init__(
        self,
        lm: AdaptedLM,
        decoding: Decoding,
        tokenizer: PromptTokenizer,
        n_texts: int,
        *,
        free_tokens: int,
        usage: Usage,
    ) -> None:
        self.lm = lm
        self.built = decoding.current()
        self.decoder = self.built.decoder
        self.breadths = self.built.breadths
        self.tokenizer = tokenizer
        self.free_tokens = free_tokens
        self.usage = usage
        self.trees: list[Tree | None] = [None] * n_texts
        self._reset()

    @torch.inference_mode()
    def complete(self, branches: Sequence[Sequence[Branch]]) -> list[list[Completion]]:
        # all checks come first, so that a refused call leaves the tries unchanged
        for branch in chain.from_iterable(branches):
            needed = len(branch.prompt) + branch.max_new_tokens
            check_fits(needed, self.lm.context_length)
        done: list[list[Completion | None]] = [[None] * len(row) for row in branches]
        running = self._start_sequences(branches)
        prefetched = [one for one in running if one.node in one.tree.prefetched]
        if prefetched:
            known = [one.tree.prefetched[one.node] for one in prefetched]
            waiting = [one for one in running if one.node not in one.tree.prefetched]
            running = waiting + self._sample(prefetched, torch.stack(known), done)
        while running:
            self._keep_rows({one.tree.row for one in running})
            running = self._sample(running, self._forward(running), done)
        return done

    @torch.inference_mode()
    def score(self, trees: Sequence[PointerTree]) -> list[np.ndarray]:
        return score(trees, self.lm, self.built, self.usage)

    def _sample(
        self,
        running: Sequence[ActiveSequence],
        logits: torch.Tensor,
        done: list[list[Completion | None]],
    ) -> list[ActiveSequence]:
        """Sample and accept tokens, and draft the next ones.

        logits: [positions of all sequences, vocabulary]. done: gets the completions.
        Returns the sequences that have not ended.
        """
        positions = list(chain.from_iterable(one.positions for one in running))
        tokens, logprobs, norm = sample_greedily(positions, logits)
        n_drafted = 0
        if self.free_tokens:
            n_drafted = max(DRAFTED, (self.free_tokens - len(running)) // len(running))
        unfinished, first = [], 0
        for one in running:
            rows = slice(first, first + len(one.positions))
            if not one.ids and one.branch.candidates:
                wanted = logits[first, list(one.branch.candidates)] - norm[first]
                one.candidates = tuple(wanted.tolist())
            completion = one.accept(tokens[rows], logprobs[rows], self.tokenizer)
            if completion is None:
                one.propose(n_drafted)
                unfinished.append(one)
            else:
                done[one.text][one.index] = completion
            first = rows.stop
        return unfinished

    # -- trees and rows ---------------------------------------------------------------

    def _start_sequences(
        self, branches: Sequence[Sequence[Branch]]
    ) -> list[ActiveSequence]:
        """Insert all prompts into the tries of their texts."""
        texts = [text for text, row in enumerate(branches) if row]
        is_new = any(self.trees[text] is None for text in texts)
        if not is_new:
            return self._insert_prompts(branches, texts)
        self._reset()
        running = self._insert_prompts(branches, texts)
        trees = [self.trees[text] for text in texts]
        n_groups = self._free_groups(running, sum(len(tree.trie) for tree in trees))
        if n_groups:  # insert again, so that all nodes are in depth-first order
            self._reset()
            running = self._insert_prompts(branches, texts, n_groups)
            trees = [self.trees[text] for text in texts]
        # rows are assigned once, for all texts
        rows = assign_rows([len(tree.trie) for tree in trees])
        for tree, row in zip(trees, rows, strict=True):
            tree.row = row
        self.visible = self.visible.new_zeros(max(rows) + 1, 0, 0)
        self.positions = self.positions.new_zeros(max(rows) + 1, 0)
        return running

    def _insert_prompts(
        self,
        branches: Sequence[Sequence[Branch]],
        texts: Sequence[int],
        n_groups: int = 0,
    ) -> list[ActiveSequence]:
        """Insert the prompts of these texts, and `n_groups` prefetch groups of each."""
        running = []
        for text in texts:
            row = branches[text]
            tree = self.trees[text] or Tree(prefix=row[0].prefix)
            self.trees[text] = tree
            prefetch = [
                prompt
                for branch in row
                for group in branch.prefetch[:n_groups]
                for prompt in group
            ]
            if prefetch:
                for prompt in sorted([*prefetch, *(branch.prompt for branch in row)]):
                    tree.insert(prompt)
            # sorted prompts enter the trie in depth-first order
            for index in sorted(range(len(row)), key=lambda at: row[at].prompt):
                running.append(ActiveSequence.start(text, index, row[index], tree))
            self._prefetching += [(tree, tree.insert(prompt)) for prompt in prefetch]
        return running

    def _free_groups(self, running: Sequence[ActiveSequence], n_tokens: int) -> int:
        """How many groups of prefetched prompts fit into `free_tokens`, beside the
        `n_tokens` of the prompts."""
        most = max((len(one.branch.prefetch) for one in running), default=0)
        for n_groups in range(1, most + 1):
            for one in running:
                start = len(one.branch.prompt) + 1
                for group in one.branch.prefetch[n_groups - 1 : n_groups]:
                    ends = (
                        (ids, n) for ids in group for n in range(start, len(ids) + 1)
                    )
                    n_tokens += len({ids[:n] for ids, n in ends})
            if n_tokens > self.free_tokens:
                return n_groups - 1
        return most

    def _reset(self) -> None:
        """Empty the tries and the cache."""
        self.trees = [None] * len(self.trees)
        self._prefetching: list[tuple[Tree, int]] = []
        self.cache = append_only_cache(
            self.lm.base.model.config.get_text_config().num_hidden_layers
        )
        # visible[row, slot, other]: whether the token in `slot` sees the one in `other`
        self.visible = torch.zeros(0, 0, 0, dtype=torch.bool, device=self.lm.device)
        # of the tokens in the cache, [rows, slots]
        self.positions = torch.zeros(0, 0, dtype=torch.long, device=self.lm.device)

    def _keep_rows(self, rows: set[int]) -> None:
        """Drop the other rows of the batch, if they are half of it or more."""
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
        self.positions = self.positions[index]
        for layer in self.cache.layers:
            layer.keep_rows(index)

    # -- one pass ---------------------------------------------------------------------

    def _forward(self, running: Sequence[ActiveSequence]) -> torch.Tensor:
        """Run all pending nodes. Returns logits [positions, vocabulary]."""
        nodes = [(one.tree, at.node) for one in running for at in one.positions]
        n_positions = len(nodes)
        nodes += self._prefetching
        firsts = {id(tree): len(tree.slots) for tree, _ in nodes}
        trees = [tree for tree in self.trees if tree is not None]
        new = next_batch(trees, len(self.visible), start=self.visible.shape[1])
        self.usage.add_pass(new.ids, new.real, self.decoder)
        device = self.lm.device
        positions = torch.from_numpy(new.positions).to(device)
        self.positions = torch.cat([self.positions, positions], dim=1)
        hidden = self.decoder.hidden(
            torch.from_numpy(new.ids).to(device),
            self.positions,
            self._grow_visible(new),
            self.cache,
            torch.from_numpy(new.real).to(device),
        )
        rows = [tree.row for tree, _ in nodes]
        columns = [tree.column + node - firsts[id(tree)] for tree, node in nodes]
        index = torch.tensor([rows, columns], device=device)
        logits = checked_logits(self.decoder, hidden[index[0], index[1]])
        logits, prefetched = logits[:n_positions], logits[n_positions:]
        for (tree, node), row in zip(self._prefetching, prefetched, strict=True):
            tree.prefetched[node] = row
        self._prefetching = []
        return logits

    def _grow_visible(self, new: ForwardBatch) -> torch.Tensor:
        """The mask [rows, new, old + new] of the new tokens. Each sees what the cached
        node before its branch sees, and its ancestors among the new tokens."""
        attach = torch.from_numpy(new.attach).to(self.lm.device)
        rows, n_new = attach.shape
        old = self.visible.shape[1]
        row = torch.arange(rows, device=attach.device)[:, None]
        cached = self.visible.new_zeros(rows, n_new, old)
        if old:
            cached = self.visible[row, attach.clamp(min=0)] & (attach >= 0)[..., None]
        among_new = ancestors(
            torch.from_numpy(new.starts).to(attach.device),
            torch.from_numpy(new.ends).to(attach.device),
        )
        mask = torch.cat([cached, among_new], dim=2)
        grown = self.visible.new_zeros(rows, old + n_new, old + n_new)
        grown[:, :old, :old] = self.visible
        grown[:, old:] = mask
        self.visible = grown
        return mask
