"""Comparing labels with the tokens of many texts, in one pass."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

import numpy as np
import torch
from torch.nn import functional as F
from transformers.cache_utils import Cache

from ..adapters.adapted import AdaptedLM
from ..execution.decoding import Built
from ..execution.trial import check_positions
from ..trees.masks import ancestors, linked
from ..trees.packing import KeptTree
from ..trees.pointers import LabelTree, NameTree, PointerTree
from ..trees.rows import PackedRows, assign_rows, pack_rows, pad
from .base import check_fits
from .kv_cache import joined_cache, n_bytes, recording_cache, shared_cache
from .usage import Usage

# Texts with different labels share a pass if the names have up to this many tokens in
# all: each text attends to the slots of all.
SHARED_SLOTS = 1024


def score(
    trees: Sequence[PointerTree], lm: AdaptedLM, built: Built, usage: Usage
) -> list[np.ndarray]:
    """See `Session.score`."""
    return _Scoring(lm, built, usage).score(trees)


@dataclass(frozen=True, slots=True)
class _Names:
    """The names of labels that texts see.

    cache: their keys and values; None if there are none. positions: [slots].
    firsts: `NameTree.key` → its first slot.
    """

    cache: Cache | None
    positions: np.ndarray
    firsts: dict[tuple[bytes, bytes], int]


@dataclass(frozen=True, slots=True)
class _Scoring:
    lm: AdaptedLM
    built: Built
    usage: Usage

    def score(self, trees: Sequence[PointerTree]) -> list[np.ndarray]:
        # all checks come first, so that a refused call computes nothing
        for tree in (*trees, *(tree.kept for tree in trees if tree.kept is not None)):
            check_fits(tree.span, self.lm.context_length)
        hidden: list[torch.Tensor] = []
        firsts = np.zeros(len(trees), dtype=np.int64)
        for group in _groups(trees):
            states, places = self._read([trees[number] for number in group])
            firsts[group] = places + sum(map(len, hidden))
            hidden.append(states)
        label_firsts = {}
        for labels in _distinct(trees, LabelTree):
            label_firsts[labels.key] = sum(map(len, hidden))
            hidden.append(self._label_states(labels))
        queries, keys = [], []
        for tree, first in zip(trees, firsts, strict=True):
            apart = isinstance(tree.kept, LabelTree)
            queries.append(
                tree.queries + (label_firsts[tree.kept.key] if apart else first)
            )
            keys.append(tree.keys + first)
        log_odds = self.lm.head(
            torch.cat(hidden), *(self._tensor(pad(nodes)) for nodes in (queries, keys))
        )
        log_odds = log_odds.cpu().numpy()
        return [
            log_odds[text, : len(tree.queries), : len(tree.keys)]
            for text, tree in enumerate(trees)
        ]

    def _read(self, trees: Sequence[PointerTree]) -> tuple[torch.Tensor, np.ndarray]:
        """The hidden states [nodes, width] of texts, and the place of each tree's first
        node."""
        names = self._names(_distinct(trees, NameTree))
        rows = pack_rows(
            trees,
            assign_rows([len(tree) for tree in trees]),
            linked=[
                0 if tree.linked is None else names.firsts[tree.linked.key]
                for tree in trees
            ],
        )
        return self._hidden(rows, names), rows.firsts

    def _label_states(self, labels: LabelTree) -> torch.Tensor:
        """The hidden states [nodes, width] of labels that see no text."""

        def compute() -> tuple[torch.Tensor, int]:
            states = self._hidden(pack_rows([labels]))
            return states, states.nbytes

        return self.built.label_states.get(labels.key, compute)

    def _names(self, trees: Sequence[NameTree]) -> _Names:
        lengths = [len(tree) for tree in trees]
        firsts = accumulate(lengths, initial=0)
        return _Names(
            joined_cache([self._name_cache(tree) for tree in trees]) if trees else None,
            np.concatenate([np.zeros(0, int), *(tree.positions for tree in trees)]),
            dict(zip((tree.key for tree in trees), firsts, strict=False)),
        )

    def _name_cache(self, names: NameTree) -> Cache:
        """The keys and values of names, which see no text."""

        def compute() -> tuple[Cache, int]:
            check_positions(self.built.decoder, self.lm.base)
            config = self.lm.base.model.config.get_text_config()
            recorded = recording_cache(config.num_hidden_layers)
            blocks = names.block_trees()
            rows = pack_rows(blocks, assign_rows([len(block) for block in blocks]))
            self._hidden(rows, cache=recorded)
            slots = [
                np.arange(first, first + len(block))
                for first, block in zip(rows.firsts, blocks, strict=True)
            ]
            cache = shared_cache(recorded, self._tensor(np.concatenate(slots)))
            return cache, n_bytes(cache)

        return self.built.name_caches.get(names.key, compute)

    def _hidden(
        self,
        rows: PackedRows,
        names: _Names | None = None,
        cache: Cache | None = None,
    ) -> torch.Tensor:
        """The hidden states [nodes, width] of all trees in one pass.

        names: that they see. cache: gets the keys and values.
        """
        self.usage.add_pass(rows.ids, rows.real, self.built.decoder)
        arrays = rows.ids, rows.positions, rows.starts, rows.ends, rows.links, rows.real
        ids, positions, starts, ends, links, real = map(self._tensor, arrays)
        n_slots = 0 if names is None else len(names.positions)
        mask = F.pad(ancestors(starts, ends), (n_slots, 0))
        mask |= linked(links, mask.shape[-1])
        if n_slots:
            cache = names.cache
            earlier = self._tensor(names.positions).expand(len(ids), -1)
            positions = torch.cat([earlier, positions], -1)
        hidden = self.built.decoder.hidden(ids, positions, mask, cache, real)
        return hidden.flatten(0, 1)

    def _tensor(self, array: np.ndarray) -> torch.Tensor:
        return torch.from_numpy(array).to(self.lm.device)


def _groups(trees: Sequence[PointerTree]) -> list[list[int]]:
    """The numbers of trees that are read in one pass."""
    groups: list[list[int]] = [[]]
    slots = 0
    group_of: dict[tuple[bytes, bytes], list[int]] = {}
    for number, tree in enumerate(trees):
        group = groups[0]
        if tree.linked is not None:
            if tree.linked.key not in group_of:
                if slots and slots + len(tree.linked) > SHARED_SLOTS:
                    groups.append([])
                    slots = 0
                group_of[tree.linked.key] = groups[-1]
                slots += len(tree.linked)
            group = group_of[tree.linked.key]
        group.append(number)
    return [group for group in groups if group]


def _distinct(trees: Sequence[PointerTree], kind: type[KeptTree]) -> list[KeptTree]:
    """The different kept trees of a kind that texts need."""
    found = {tree.kept.key: tree.kept for tree in trees if isinstance(tree.kept, kind)}
    return [*found.values()]
