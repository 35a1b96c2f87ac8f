"""The training loss of packed trees, and its gradients, in batches that fit."""

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from torch.nn.functional import cross_entropy

from ..trees.batching import batches_by_padded_tokens
from ..trees.packing import GoldTree
from .lora import AdaptedLM


def tree_loss(
    lm: AdaptedLM,
    trees: Sequence[GoldTree],
    max_tokens: int,
    label_smoothing: float = 0.0,
) -> Iterator[torch.Tensor]:
    """The summed loss of each microbatch: weight x negative log-likelihood, in nats.

    max_tokens: padded tokens in a microbatch, at most.
    label_smoothing: share of the target that all tokens of the vocabulary have alike.
    """
    learner = lm.learner()
    lengths = [len(tree) for tree in trees]
    for rows in batches_by_padded_tokens(lengths, max_tokens):
        batch = [trees[row] for row in rows]
        ids, positions, mask = collate(batch, lm.device)
        starts = np.arange(len(batch)) * ids.shape[1]
        hidden = learner.hidden(
            ids,
            positions,
            mask,
            real=_tensor(_placed(starts, [range(len(t)) for t in batch]), lm.device),
        )
        sources = _tensor(_placed(starts, [t.sources for t in batch]), lm.device)
        target = _tensor([tree.targets for tree in batch], lm.device)
        weight = _tensor([tree.weights for tree in batch], lm.device)
        logits = learner.logits(hidden.flatten(0, 1).index_select(0, sources))
        loss = cross_entropy(
            logits, target, reduction="none", label_smoothing=label_smoothing
        )
        yield (loss * weight).sum()


def accumulate_gradients(
    lm: AdaptedLM,
    trees: Sequence[GoldTree],
    max_tokens: int,
    label_smoothing: float = 0.0,
) -> float:
    """Add the gradients of the summed loss to the adapter's; returns that loss."""
    total = 0.0
    for loss in tree_loss(lm, trees, max_tokens, label_smoothing):
        loss.backward()
        total += loss.item()
    return total


def collate(
    trees: Sequence[GoldTree], device: torch.device
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Trees as rows: ids and positions [batch, tokens], mask [batch, tokens, tokens].

    Padding sees itself alone and is seen by nobody.
    """
    width = max(len(tree) for tree in trees)
    ids = np.zeros((len(trees), width), dtype=np.int64)
    positions = np.zeros_like(ids)
    starts = np.tile(np.arange(width), (len(trees), 1))
    ends = starts + 1
    for row, tree in enumerate(trees):
        ids[row, : len(tree)] = tree.ids
        positions[row, : len(tree)] = tree.positions
        starts[row, : len(tree)] = tree.starts
        ends[row, : len(tree)] = tree.ends
    on_device = [
        torch.from_numpy(array).to(device) for array in (ids, positions, starts, ends)
    ]
    return on_device[0], on_device[1], ancestors(*on_device[2:])


def ancestors(starts: torch.Tensor, ends: torch.Tensor) -> torch.Tensor:
    """The mask [batch, tokens, tokens] of depth-first ordered nodes: each sees its
    ancestors and itself, and a prefix all of itself.

    starts, ends: [batch, tokens]; node j is seen from nodes `starts[j]` to `ends[j]`.
    """
    node = torch.arange(ends.shape[1], device=ends.device)[:, None]
    return (node >= starts[:, None, :]) & (node < ends[:, None, :])


def _placed(starts: np.ndarray, places: Sequence[Sequence[int]]) -> list[np.ndarray]:
    """Places within each row as places within all rows, one after the other."""
    return [start + np.asarray(row) for start, row in zip(starts, places, strict=True)]


def _tensor(arrays: Sequence[np.ndarray], device: torch.device) -> torch.Tensor:
    return torch.from_numpy(np.concatenate(arrays)).to(device)
