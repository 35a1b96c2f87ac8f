"""The head that compares the labels of a text with its tokens."""

from collections.abc import Mapping
from typing import NamedTuple

import torch
from torch import nn
from torch.nn import functional as F

from .tensors import tensor_faults

# Log-odds of a pair before training: most pairs are no mentions.
FIRST_BIAS = -3.0
SCALE = 4.0
# What a token may be to a mention: its first token, its last, or any but the first.
STARTS, ENDS, GOES_ON = range(3)
N_ROLES = 3


class PointerScores(NamedTuple):
    """Log-odds for each label.

    tokens: [texts, labels, tokens, 3]; a mention starts, ends, goes on at the token.
    spans: [texts, labels, tokens, tokens]; a mention goes from the one token to the
        other. Those that would end before they start mean nothing.
    """

    tokens: torch.Tensor
    spans: torch.Tensor


class PointerHead(nn.Module):
    """Learned projections of hidden states, which are normalised first: those of some
    bases are large.

    width: of hidden states. size: of each projection.
    """

    def __init__(self, width: int, size: int) -> None:
        super().__init__()
        self.width = width
        self.size = size
        self.query = nn.Linear(width, (N_ROLES + 1) * size)
        self.key = nn.Linear(width, (N_ROLES + 2) * size)
        self.bias = nn.Parameter(torch.full((N_ROLES + 1,), FIRST_BIAS))

    def forward(
        self, hidden: torch.Tensor, queries: torch.Tensor, keys: torch.Tensor
    ) -> PointerScores:
        """Compare labels with tokens.

        hidden: [nodes, width]. queries: [texts, labels] and keys: [texts, tokens] are
            indices of nodes.
        """
        query = self._project(self.query, hidden, queries)
        *key, first, last = self._project(self.key, hidden, keys).unbind(2)
        scale = SCALE / self.size**0.5
        roles = torch.einsum("blrd,btrd->bltr", query[:, :, :-1], torch.stack(key, 2))
        tokens = roles * scale + self.bias[:-1]
        pairs = query[:, :, -1, None] * first[:, None] @ last[:, None].mT
        spans = pairs * scale + self.bias[-1]
        return PointerScores(tokens, spans)

    def _project(
        self, linear: nn.Linear, hidden: torch.Tensor, nodes: torch.Tensor
    ) -> torch.Tensor:
        """[texts, nodes, projections, size]"""
        x = F.rms_norm(hidden[nodes].float(), (self.width,))
        return linear(x).unflatten(-1, (-1, self.size))


def load_head(head: PointerHead, tensors: Mapping[str, torch.Tensor]) -> list[str]:
    """Load the head's tensors; returns the faults, such as missing keys."""
    expected = head.state_dict()
    faults = tensor_faults(expected, tensors)
    if not faults:
        head.load_state_dict(dict(tensors))
    return faults
