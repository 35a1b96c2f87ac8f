"""The attention mask of a packed tree."""

import torch


def ancestors(starts: torch.Tensor, ends: torch.Tensor) -> torch.Tensor:
    """The mask [batch, tokens, tokens] of nodes in depth-first order. Each node sees
    its ancestors and itself; nodes of a prefix see all of it.

    starts, ends: [batch, tokens]; node i sees node j if `starts[j] <= i < ends[j]`.
    """
    node = torch.arange(ends.shape[1], device=ends.device)[:, None]
    return (node >= starts[:, None, :]) & (node < ends[:, None, :])
