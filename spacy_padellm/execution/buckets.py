"""The tokens of a batch that are no padding, as the rows of matrix products."""

import torch
from torch.nn.functional import pad


def bucket_size(rows: int) -> int:
    """The number of rows that so many are filled up to before oneDNN multiplies them.

    It makes a kernel for each number of rows of each product, in milliseconds, keeps
    1,024 of them, and gives back only half of the 0.6 MB of one that it drops. So
    there are eight numbers from each power of two to the next: an eighth more rows at
    most, and 4 in 100 on average.
    """
    step = max(1, 2 ** ((rows - 1).bit_length() - 1) // 8) if rows > 1 else 1
    return -(-rows // step) * step


class Rows:
    """Where the tokens of a batch stand: those that are no padding, one after the
    other, and the rows that they fill.

    real: [n], which of batch x tokens are no padding; None: all.
    padded_to_bucket: the first token is repeated after the last up to `bucket_size`.
    """

    def __init__(
        self,
        batch: int,
        tokens: int,
        real: torch.Tensor | None,
        *,
        padded_to_bucket: bool,
    ) -> None:
        self.shape = batch, tokens
        self.real = real if real is not None and len(real) < batch * tokens else None
        self.n_real = batch * tokens if self.real is None else len(self.real)
        self.multiplied = self.real
        fill = bucket_size(self.n_real) - self.n_real if padded_to_bucket else 0
        if fill:
            if real is None:
                real = torch.arange(self.n_real)
            self.multiplied = torch.cat([real, real[:1].expand(fill)])

    def unpad(self, x: torch.Tensor) -> torch.Tensor:
        """[batch x tokens, ...] → [multiplied tokens, ...]."""
        return x if self.multiplied is None else x.index_select(0, self.multiplied)

    def pad(self, x: torch.Tensor) -> torch.Tensor:
        """[multiplied tokens, width] → [batch, tokens, width]; the padding is 0."""
        x = x[: self.n_real]
        if self.real is not None:
            batch, tokens = self.shape
            x = x.new_zeros(batch * tokens, x.shape[1]).index_copy_(0, self.real, x)
        return x.view(*self.shape, -1)


def padded_to_bucket(x: torch.Tensor) -> torch.Tensor:
    """x [rows, width] with zeros up to `bucket_size`."""
    return pad(x, (0, 0, 0, bucket_size(len(x)) - len(x)))
