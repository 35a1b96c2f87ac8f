"""The training loss of packed trees."""

import math
from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
import torch
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy

from ..adapters.adapted import AdaptedLM
from ..adapters.pointer_head import ENDS, GOES_ON, STARTS, PointerHead
from ..execution.trainable import TrainableDecoder
from ..execution.trial import check_positions, checked_logits
from ..trees.masks import ancestors, linked
from ..trees.packing import GoldTree
from ..trees.pointers import GoldPointers
from ..trees.rows import pack_rows_with_linked, pad

# What a text and its labels teach.
Gold: TypeAlias = GoldTree | GoldPointers


def tree_loss(
    decoder: TrainableDecoder | AdaptedLM,
    trees: Sequence[Gold],
    lm: AdaptedLM,
) -> torch.Tensor:
    """The summed loss of trees of one kind in one pass, in nats.

    It is weight x negative log-likelihood of tokens, and binary cross-entropy of
    pointers.
    """
    device = lm.device
    rows = pack_rows_with_linked(trees)
    if rows.positions.min() < 0:
        check_positions(decoder, lm.base)
    arrays = rows.ids, rows.positions, rows.starts, rows.ends, rows.links, rows.real
    ids, positions, starts, ends, links, real = (
        torch.from_numpy(array).to(device) for array in arrays
    )
    mask = ancestors(starts, ends) | linked(links, ids.shape[1])
    hidden = decoder.hidden(ids, positions, mask, real=real).flatten(0, 1)
    if isinstance(trees[0], GoldPointers):
        return pointer_loss(lm.head, hidden, trees, rows.firsts)
    sources = [
        first + tree.sources for first, tree in zip(rows.firsts, trees, strict=True)
    ]
    target = _tensor([tree.targets for tree in trees], device)
    weight = _tensor([tree.weights for tree in trees], device)
    logits = checked_logits(decoder, hidden.index_select(0, _tensor(sources, device)))
    logits = _among_allowed(logits, trees)
    return (cross_entropy(logits, target, reduction="none") * weight).sum()


def _among_allowed(logits: torch.Tensor, trees: Sequence[GoldTree]) -> torch.Tensor:
    """Logits [pairs of all trees, vocabulary], -inf where a token may not follow."""
    sets = [ids for tree in trees for ids in tree.allowed]
    if not sets:
        return logits
    banned = torch.ones(len(sets) + 1, logits.shape[-1], dtype=torch.bool)
    for number, ids in enumerate(sets):
        banned[number, list(ids)] = False
    banned[-1] = False  # where the whole vocabulary is allowed
    firsts = np.cumsum([0, *(len(tree.allowed) for tree in trees)])
    among = np.concatenate(
        [
            np.where(tree.among < 0, -1, tree.among + first)
            for tree, first in zip(trees, firsts, strict=False)
        ]
    )
    banned = banned.to(logits.device)[torch.from_numpy(among).to(logits.device)]
    return logits.masked_fill(banned, -math.inf)


def pointer_loss(
    head: PointerHead,
    hidden: torch.Tensor,
    trees: Sequence[GoldPointers],
    firsts: np.ndarray,
) -> torch.Tensor:
    """Binary cross-entropy, summed over labels, tokens, roles and texts.

    hidden: [nodes, width]. firsts: [trees], each tree's first node.
    """
    device = hidden.device
    queries = pad([tree.queries + at for tree, at in zip(trees, firsts, strict=True)])
    keys = pad([tree.keys + at for tree, at in zip(trees, firsts, strict=True)])
    known = pad([tree.known for tree in trees])
    asked = pad([np.ones(len(tree.queries), dtype=bool) for tree in trees])
    found = np.concatenate(
        [
            np.concatenate([np.full((len(tree.spans), 1), text), tree.spans], axis=1)
            for text, tree in enumerate(trees)
        ]
    )
    queries, keys, known, asked, found = (
        torch.from_numpy(array).to(device)
        for array in (queries, keys, known, asked, found)
    )
    scores = head(hidden, queries, keys)
    text, label, first, last = found.T
    gold = torch.zeros_like(scores)
    gold[text, label, first, STARTS] = 1.0
    gold[text, label, last, ENDS] = 1.0
    token = torch.arange(keys.shape[1], device=device)
    mention, inner = torch.where((token > first[:, None]) & (token <= last[:, None]))
    gold[text[mention], label[mention], inner, GOES_ON] = 1.0
    counted = (asked[:, :, None] & known[:, None])[..., None]
    return binary_cross_entropy_with_logits(
        scores, gold, counted.float(), reduction="sum"
    )


def _tensor(arrays: Sequence[np.ndarray], device: torch.device) -> torch.Tensor:
    return torch.from_numpy(np.concatenate(arrays)).to(device)
