"""The training loss of packed trees."""

from collections.abc import Sequence

import numpy as np
import torch
from torch.nn.functional import cross_entropy

from ..adapters.adapted import AdaptedLM
from ..execution.trainable import TrainableDecoder
from ..trees.masks import ancestors
from ..trees.packing import GoldTree


def tree_loss(
    decoder: TrainableDecoder | AdaptedLM,
    trees: Sequence[GoldTree],
    device: torch.device,
) -> torch.Tensor:
    """The summed loss of trees in one pass: weight x negative log-likelihood, in
    nats."""
    ids, positions, mask = collate(trees, device)
    starts = np.arange(len(trees)) * ids.shape[1]
    hidden = decoder.hidden(
        ids,
        positions,
        mask,
        real=_tensor(_placed(starts, [range(len(tree)) for tree in trees]), device),
    )
    sources = _tensor(_placed(starts, [tree.sources for tree in trees]), device)
    target = _tensor([tree.targets for tree in trees], device)
    weight = _tensor([tree.weights for tree in trees], device)
    logits = decoder.logits(hidden.flatten(0, 1).index_select(0, sources))
    return (cross_entropy(logits, target, reduction="none") * weight).sum()


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


def _placed(starts: np.ndarray, places: Sequence[Sequence[int]]) -> list[np.ndarray]:
    """Places within each row as places within all rows, one after the other."""
    return [start + np.asarray(row) for start, row in zip(starts, places, strict=True)]


def _tensor(arrays: Sequence[np.ndarray], device: torch.device) -> torch.Tensor:
    return torch.from_numpy(np.concatenate(arrays)).to(device)
