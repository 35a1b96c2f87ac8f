"""The tokens of a batch without padding, as the rows of matrix products."""

import torch
from torch.nn import functional as F


def bucket_size(rows: int) -> int:
    """The number of rows to which `rows` are padded before oneDNN multiplies them.

    oneDNN compiles a kernel for each number of rows of each linear, which takes
    milliseconds. It keeps 1,024 kernels and leaks half of the 0.6 MB of each dropped
    one. There are eight buckets between powers of two: padding adds up to an eighth,
    and 4% on average.
    """
    step = max(1, (1 << (rows - 1).bit_length()) // 16)
    return -(-rows // step) * step


class UnpaddedTokens:
    """Removes the padding of a batch, and puts it back.

    real: [n], indices into batch x tokens that are not padding; None: all.
    use_buckets: repeat the first token at the end, up to `bucket_size` tokens.
    """

    def __init__(
        self,
        batch: int,
        tokens: int,
        real: torch.Tensor | None,
        *,
        use_buckets: bool,
    ) -> None:
        self.shape = batch, tokens
        self.real = real if real is not None and len(real) < batch * tokens else None
        self.n_real = batch * tokens if self.real is None else len(self.real)
        self.index = self.real
        fill = bucket_size(self.n_real) - self.n_real if use_buckets else 0
        if fill:
            if real is None:
                real = torch.arange(self.n_real)
            self.index = torch.cat([real, real[:1].expand(fill)])

    def unpad(self, x: torch.Tensor) -> torch.Tensor:
        """[batch x tokens, ...] → [unpadded tokens, ...]."""
        return x if self.index is None else x.index_select(0, self.index)

    def pad(self, x: torch.Tensor) -> torch.Tensor:
        """[unpadded tokens, width] → [batch, tokens, width]; the padding is 0."""
        x = x[: self.n_real]
        if self.real is not None:
            batch, tokens = self.shape
            x = x.new_zeros(batch * tokens, x.shape[1]).index_copy_(0, self.real, x)
        return x.view(*self.shape, -1)


def pad_to_bucket(x: torch.Tensor) -> torch.Tensor:
    """Pad x [rows, width] with zeros up to `bucket_size` rows."""
    return F.pad(x, (0, 0, 0, bucket_size(len(x)) - len(x)))
