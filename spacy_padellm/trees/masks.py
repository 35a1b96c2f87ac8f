"""Who sees whom in a packed tree, as attention masks."""

import torch


def ancestors(starts: torch.Tensor, ends: torch.Tensor) -> torch.Tensor:
    """The mask [batch, tokens, tokens] of depth-first ordered nodes: each sees its
    ancestors and itself, and a prefix all of itself.

    starts, ends: [batch, tokens]; node j is seen from nodes `starts[j]` to `ends[j]`.
    """
    node = torch.arange(ends.shape[1], device=ends.device)[:, None]
    return (node >= starts[:, None, :]) & (node < ends[:, None, :])
