"""Attention masks of packed trees."""

import torch


def ancestors(starts: torch.Tensor, ends: torch.Tensor) -> torch.Tensor:
    """The mask [batch, tokens, tokens] of nodes in depth-first order. Each node sees
    its ancestors and itself; nodes of a prefix see all of it.

    starts, ends: [batch, tokens]; node i sees node j if `starts[j] <= i < ends[j]`.
    """
    node = torch.arange(ends.shape[1], device=ends.device)[:, None]
    return (node >= starts[:, None, :]) & (node < ends[:, None, :])


def linked(links: torch.Tensor, columns: int) -> torch.Tensor:
    """The mask [batch, tokens, columns] of nodes that see further ones.

    links: [batch, tokens, 2]; node i sees column j if `links[i, 0] <= j < links[i, 1]`.
    """
    column = torch.arange(columns, device=links.device)
    return (column >= links[..., :1]) & (column < links[..., 1:])


def limited(mask: torch.Tensor, positions: torch.Tensor, window: int) -> torch.Tensor:
    """The mask without tokens that are `window` or more positions away.

    In a packed tree, the distance of two tokens is not that of their columns.

    mask: bool [batch, tokens, cached + tokens]. positions: [batch, cached + tokens].
    """
    own = positions[:, positions.shape[1] - mask.shape[1] :]
    return mask & ((own[:, :, None] - positions[:, None, :]).abs() < window)
