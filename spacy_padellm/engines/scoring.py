"""Comparing labels with the tokens of many texts, in one pass."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import torch
from torch.nn import functional as F
from transformers.cache_utils import Cache

from ..adapters.adapted import AdaptedLM
from ..execution.decoding import Built
from ..execution.trial import check_positions
from ..trees.masks import ancestors, linked
from ..trees.packing import PackedTree
from ..trees.pointers import KeptTree, LabelTree, NameTree, PointerTree
from ..trees.rows import pack_rows, pad
from .base import check_fits
from .forest import assign_rows
from .kv_cache import append_only_cache, shared_cache
from .usage import Usage

# Sets of labels of which something is kept.
KEPT_LABELS = 8

Computed = TypeVar("Computed")


def score(
    trees: Sequence[PointerTree], lm: AdaptedLM, built: Built, usage: Usage
) -> list[np.ndarray]:
    """See `Session.score`."""
    return _Scoring(lm, built, usage).score(trees)


@dataclass(frozen=True, slots=True)
class _Names:
    """The names of labels that texts see.

    cache: their keys and values. positions: [slots]. firsts: `NameTree.key` → its
        first slot.
    """

    cache: Cache
    positions: np.ndarray
    firsts: dict[tuple[bytes, bytes], int]


@dataclass(frozen=True, slots=True)
class _Scoring:
    lm: AdaptedLM
    built: Built
    usage: Usage

    def score(self, trees: Sequence[PointerTree]) -> list[np.ndarray]:
        # all checks come first, so that a refused call computes nothing
        for tree in (*trees, *_kept(trees, KeptTree).values()):
            check_fits(tree.span, self.lm.context_length)
        hidden, firsts = self._hidden(trees, names=self._names(trees))
        hidden = [hidden]
        label_firsts = {}
        for key, labels in _kept(trees, LabelTree).items():
            label_firsts[key] = sum(map(len, hidden))
            hidden.append(self._label_states(labels))
        queries = [
            tree.queries
            + (label_firsts[tree.kept.key] if _has(tree, LabelTree) else first)
            for tree, first in zip(trees, firsts, strict=True)
        ]
        keys = [tree.keys + first for tree, first in zip(trees, firsts, strict=True)]
        log_odds = self.lm.head(
            torch.cat(hidden), *(self._tensor(pad(nodes)) for nodes in (queries, keys))
        )
        log_odds = log_odds.cpu().numpy()
        return [
            log_odds[text, : len(tree.queries), : len(tree.keys)]
            for text, tree in enumerate(trees)
        ]

    def _label_states(self, labels: LabelTree) -> torch.Tensor:
        """The hidden states [nodes, width] of labels that see no text."""
        kept = self.built.label_states
        return _once(kept, labels, lambda: self._hidden([labels])[0], self.built.lock)

    def _names(self, trees: Sequence[PointerTree]) -> _Names | None:
        names = _kept(trees, NameTree)
        if not names:
            return None
        check_positions(self.built.decoder, self.lm.base)
        caches = [self._name_cache(one) for one in names.values()]
        lengths = [len(one) for one in names.values()]
        firsts = dict(zip(names, np.cumsum([0, *lengths[:-1]]), strict=True))
        positions = np.concatenate([one.positions for one in names.values()])
        cache = caches[0] if len(caches) == 1 else shared_cache(caches)
        return _Names(cache, positions, firsts)

    def _name_cache(self, names: NameTree) -> Cache:
        """The keys and values of names, which see no text."""

        def compute() -> Cache:
            config = self.lm.base.model.config.get_text_config()
            cache = append_only_cache(config.num_hidden_layers)
            self._hidden([names], cache=cache)
            return shared_cache([cache])

        return _once(self.built.name_caches, names, compute, self.built.lock)

    def _hidden(
        self,
        trees: Sequence[PackedTree],
        *,
        names: _Names | None = None,
        cache: Cache | None = None,
    ) -> tuple[torch.Tensor, np.ndarray]:
        """The hidden states [nodes, width] of all trees, and the place of each tree's
        first node.

        names: that texts see. cache: an empty one, which gets the keys and values.
        """
        slots = None if names is None else self._tensor(names.positions)
        n_slots = 0 if slots is None else len(slots)
        rows = pack_rows(
            trees,
            assign_rows([len(tree) for tree in trees]),
            earlier=n_slots,
            linked=[
                names.firsts[tree.kept.key] if _has(tree, NameTree) else None
                for tree in trees
            ],
        )
        self.usage.add_pass(rows.ids, rows.real, self.built.decoder)
        arrays = rows.ids, rows.positions, rows.starts, rows.ends, rows.links, rows.real
        ids, positions, starts, ends, links, real = map(self._tensor, arrays)
        mask = F.pad(ancestors(starts, ends), (n_slots, 0))
        mask |= linked(links, mask.shape[-1])
        if names is not None:
            cache = names.cache
            positions = torch.cat([slots.expand(len(ids), -1), positions], -1)
        hidden = self.built.decoder.hidden(ids, positions, mask, cache, real)
        return hidden.flatten(0, 1), rows.firsts

    def _tensor(self, array: np.ndarray) -> torch.Tensor:
        return torch.from_numpy(array).to(self.lm.device)


def _has(tree: PackedTree, kind: type[KeptTree]) -> bool:
    return isinstance(getattr(tree, "kept", None), kind)


def _kept(trees: Sequence[PointerTree], kind: type[KeptTree]) -> dict[Any, KeptTree]:
    """The different kept trees of a kind, by their keys."""
    return {tree.kept.key: tree.kept for tree in trees if _has(tree, kind)}


def _once(
    kept: dict[tuple[bytes, bytes], Computed],
    tree: KeptTree,
    compute: Callable[[], Computed],
    lock: AbstractContextManager,
) -> Computed:
    """What is computed of a tree. It is kept until the adapter changes, or for the last
    KEPT_LABELS trees."""
    found = kept.get(tree.key)
    if found is None:
        found = compute()
        with lock:
            kept[tree.key] = found
            while len(kept) > KEPT_LABELS:
                kept.pop(next(iter(kept)))
    return found
