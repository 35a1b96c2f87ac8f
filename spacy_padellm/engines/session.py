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
from ..errors import Errors
from ..execution.decoding import Decoding
from ..trees.branch import Branch, Completion
from ..trees.masks import ancestors
from ..trees.packing import PackedTree
from ..trees.pointers import LabelTree, PointerTree
from ..trees.rows import pack_rows, pad
from ..types import PromptTokenizer
from .base import PromptTooLong
from .forest import ForwardBatch, Tree, assign_rows, next_batch
from .kv_cache import append_only_cache
from .sequences import ActiveSequence, sample_greedily
from .usage import Usage

# Each branch drafts at least this many tokens, even if they are not free: most drafted
# tokens are accepted and save a pass. This halves the passes of a large batch.
DRAFTED = 2
# Sets of labels whose hidden states are kept.
KEPT_LABELS = 8


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
        self.memory = self.built.memory
        self.tokenizer = tokenizer
        self.free_tokens = free_tokens
        self.usage = usage
        self.trees: list[Tree | None] = [None] * n_texts
        self._reset()

    @torch.inference_mode()
    def complete(self, branches: Sequence[Sequence[Branch]]) -> list[list[Completion]]:
        # all checks come first, so that a refused call leaves the tries unchanged
        for branch in chain.from_iterable(branches):
            self._check_tokens(len(branch.prompt) + branch.max_new_tokens)
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
        hidden, firsts = self._hidden(trees)
        alone = {tree.labels.key: tree.labels for tree in trees if tree.labels}
        label_firsts = {}
        for key, labels in alone.items():
            label_firsts[key] = sum(map(len, hidden))
            hidden.append(self._label_states(labels))
        queries = [
            tree.queries + (label_firsts[tree.labels.key] if tree.labels else first)
            for tree, first in zip(trees, firsts, strict=True)
        ]
        keys = [tree.keys + first for tree, first in zip(trees, firsts, strict=True)]
        device = self.lm.device
        log_odds = self.lm.head(
            torch.cat(hidden),
            torch.from_numpy(pad(queries)).to(device),
            torch.from_numpy(pad(keys)).to(device),
        )
        log_odds = log_odds.cpu().numpy()
        return [
            log_odds[text, : len(tree.queries), : len(tree.keys)]
            for text, tree in enumerate(trees)
        ]

    def _label_states(self, labels: LabelTree) -> torch.Tensor:
        """The hidden states [nodes, width] of labels that see no text. They are kept
        until the adapter changes."""
        kept = self.built.kept
        states = kept.get(labels.key)
        if states is None:
            [states], _ = self._hidden([labels])
            with self.built.lock:
                kept[labels.key] = states
                while len(kept) > KEPT_LABELS:
                    kept.pop(next(iter(kept)))
        return states

    def _hidden(
        self, trees: Sequence[PackedTree]
    ) -> tuple[list[torch.Tensor], np.ndarray]:
        """The hidden states [nodes, width] of all trees, as a list of one; and the
        place of each tree's first node."""
        for tree in trees:
            self._check_tokens(int(tree.positions.max()) + 1)
        rows = pack_rows(trees, assign_rows([len(tree) for tree in trees]))
        self._count_pass(rows.ids, rows.real)
        ids, positions, starts, ends, real = (
            torch.from_numpy(array).to(self.lm.device)
            for array in (rows.ids, rows.positions, rows.starts, rows.ends, rows.real)
        )
        mask = ancestors(starts, ends)
        hidden = self.decoder.hidden(ids, positions, mask, None, real)
        return [hidden.flatten(0, 1)], rows.firsts

    def _count_pass(self, ids: np.ndarray, real: np.ndarray) -> None:
        """Count a pass over ids [rows, tokens], of which `real` are not padding."""
        self.usage.passes += 1
        self.usage.tokens += len(real)
        self.usage.attended += ids.size
        self.usage.padded += self.decoder.computed_tokens(*ids.shape, len(real))

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

    def _check_tokens(self, needed: int) -> None:
        most = self.lm.context_length
        if needed > most:
            raise PromptTooLong(Errors.E601.format(needed=needed, most=most))

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
        self._count_pass(new.ids, new.real)
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
        logits = self.decoder.logits(hidden[index[0], index[1]])
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
