"""The head that compares the labels of a text with its tokens."""

import torch
from torch import nn
from torch.nn import functional as F

# What a token may be to a mention: its first token, its last, or any but the first.
STARTS, ENDS, GOES_ON = range(3)
N_ROLES = 3
# Log-odds of each role before training: most tokens are in no mention.
FIRST_BIAS = -3.0
SCALE = 4.0


class PointerHead(nn.Module):
    """Learned projections of hidden states, one for each role. The hidden states are
    normalised first: those of some bases are large.

    width: of hidden states. size: of each projection.
    """

    def __init__(self, width: int, size: int) -> None:
        super().__init__()
        self.width = width
        self.size = size
        number = {"dtype": torch.float32}  # whatever torch's default is
        self.query = nn.Linear(width, N_ROLES * size, **number)
        self.key = nn.Linear(width, N_ROLES * size, **number)
        self.bias = nn.Parameter(torch.full((N_ROLES,), FIRST_BIAS, **number))

    def forward(
        self, hidden: torch.Tensor, queries: torch.Tensor, keys: torch.Tensor
    ) -> torch.Tensor:
        """Compare labels with tokens. Returns the log-odds [texts, labels, tokens, 3]
        that a mention of the label starts, ends, or goes on at the token.

        hidden: [nodes, width]. queries: [texts, labels] and keys: [texts, tokens] are
            indices of nodes.
        """
        query = self._project(self.query, hidden, queries)
        key = self._project(self.key, hidden, keys)
        scores = torch.einsum("blrd,btrd->bltr", query, key)
        return scores * (SCALE / self.size**0.5) + self.bias

    def _project(
        self, linear: nn.Linear, hidden: torch.Tensor, nodes: torch.Tensor
    ) -> torch.Tensor:
        """[texts, nodes, roles, size]"""
        x = F.rms_norm(hidden[nodes].float(), (self.width,))
        return linear(x).unflatten(-1, (N_ROLES, self.size))
