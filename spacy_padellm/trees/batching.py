"""Batches of rows of similar length, which need little padding."""

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

Result = TypeVar("Result")


class DoesNotFit(Exception):
    """A batch that is too large for the model's context or for the memory."""


class RowDoesNotFit(ValueError):
    """Row `row` does not fit, even as a batch of its own."""

    def __init__(self, row: int, reason: str) -> None:
        super().__init__(reason)
        self.row = row


def batches_by_padded_tokens(
    lengths: Sequence[int], max_tokens: int
) -> list[list[int]]:
    """Group rows, longest first, so that no batch exceeds `max_tokens` when padded.

    lengths: tokens of each row. max_tokens: the limit for rows x longest row; a longer
        row is a batch of its own.
    Returns the row indices of each batch; every row is in exactly one.
    """
    batches: list[list[int]] = []
    longest = 0
    for row in sorted(range(len(lengths)), key=lambda row: -lengths[row]):
        size = len(batches[-1]) if batches else 0
        if not batches or (size + 1) * longest > max_tokens:
            batches.append([])
            longest = lengths[row]
        batches[-1].append(row)
    return batches


def run_halving(
    batches: Sequence[list[int]],
    run: Callable[[list[int]], Result],
    before_retry: Callable[[list[int]], object] = lambda batch: None,
) -> Iterator[tuple[list[int], Result]]:
    """Run each batch. One that raises DoesNotFit is halved and tried again.

    before_retry: called with a batch that did not fit, for example to free memory.

    Yields the row indices and the result of each batch that was run.
    Raises RowDoesNotFit if a batch of one row does not fit.
    """
    left = list(batches)[::-1]
    while left:
        batch = left.pop()
        reason = None
        try:
            result = run(batch)
        except DoesNotFit as error:
            if len(batch) == 1:
                raise RowDoesNotFit(batch[0], str(error)) from error
            reason = error
        # outside of `except`, where the traceback keeps the batch's tensors alive
        if reason is None:
            yield batch, result
        else:
            del reason
            before_retry(batch)
            half = len(batch) // 2
            left += [batch[half:], batch[:half]]
