"""Comparing labels with the tokens of many texts, in one pass."""

from collections.abc import Sequence

import numpy as np
import torch

from ..adapters.adapted import AdaptedLM
from ..execution.decoding import Built
from ..trees.masks import ancestors
from ..trees.packing import PackedTree
from ..trees.pointers import LabelTree, PointerTree
from ..trees.rows import pack_rows, pad
from .base import check_fits
from .forest import assign_rows
from .usage import Usage

# Sets of labels whose hidden states are kept.
KEPT_LABELS = 8


def score(
    trees: Sequence[PointerTree], lm: AdaptedLM, built: Built, usage: Usage
) -> list[np.ndarray]:
    """See `Session.score`."""
    hidden, firsts = _hidden(trees, lm, built, usage)
    hidden = [hidden]
    alone = {tree.labels.key: tree.labels for tree in trees if tree.labels}
    label_firsts = {}
    for key, labels in alone.items():
        label_firsts[key] = sum(map(len, hidden))
        hidden.append(_label_states(labels, lm, built, usage))
    queries = [
        tree.queries + (label_firsts[tree.labels.key] if tree.labels else first)
        for tree, first in zip(trees, firsts, strict=True)
    ]
    keys = [tree.keys + first for tree, first in zip(trees, firsts, strict=True)]
    log_odds = lm.head(
        torch.cat(hidden),
        torch.from_numpy(pad(queries)).to(lm.device),
        torch.from_numpy(pad(keys)).to(lm.device),
    )
    log_odds = log_odds.cpu().numpy()
    return [
        log_odds[text, : len(tree.queries), : len(tree.keys)]
        for text, tree in enumerate(trees)
    ]


def _label_states(
    labels: LabelTree, lm: AdaptedLM, built: Built, usage: Usage
) -> torch.Tensor:
    """The hidden states [nodes, width] of labels that see no text. They are kept until
    the adapter changes."""
    kept = built.label_states
    states = kept.get(labels.key)
    if states is None:
        states, _ = _hidden([labels], lm, built, usage)
        with built.lock:
            kept[labels.key] = states
            while len(kept) > KEPT_LABELS:
                kept.pop(next(iter(kept)))
    return states


def _hidden(
    trees: Sequence[PackedTree], lm: AdaptedLM, built: Built, usage: Usage
) -> tuple[torch.Tensor, np.ndarray]:
    """The hidden states [nodes, width] of all trees, and the place of each tree's first
    node."""
    for tree in trees:
        check_fits(int(tree.positions.max()) + 1, lm.context_length)
    rows = pack_rows(trees, assign_rows([len(tree) for tree in trees]))
    usage.add_pass(rows.ids, rows.real, built.decoder)
    ids, positions, starts, ends, real = (
        torch.from_numpy(array).to(lm.device)
        for array in (rows.ids, rows.positions, rows.starts, rows.ends, rows.real)
    )
    mask = ancestors(starts, ends)
    hidden = built.decoder.hidden(ids, positions, mask, None, real)
    return hidden.flatten(0, 1), rows.firsts
