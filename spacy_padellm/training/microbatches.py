"""Rows in batches that fit into memory: where one does not, smaller ones are tried."""

import gc
from collections.abc import Callable, Sequence

import torch

from ..trees.batching import batches_by_padded_tokens


class DoesNotFit(Exception):
    """A row that is too large for the memory, alone."""

    def __init__(self, row: int) -> None:
        super().__init__(row)
        self.row = row


class Microbatches:
    """Batches of up to so many padded tokens.

    tokens: halved whenever the memory has not sufficed; stays so.
    say: told of that, in one line.
    """

    def __init__(self, tokens: int, say: Callable[[str], None]) -> None:
        self.tokens = tokens
        self.say = say

    def __call__(
        self,
        lengths: Sequence[int],
        work: Callable[[list[int]], None],
        start: Callable[[], None] = lambda: None,
    ) -> None:
        """Call `work` with the row numbers of each batch.

        lengths: tokens of each row.
        start: called before the first batch, and again before each new try, which does
            all of the work anew.

        DoesNotFit: a row is too large for the memory, alone.
        """
        while failed := self._try(lengths, work, start):
            _free_memory()
            if len(failed) == 1:
                raise DoesNotFit(failed[0])
            padded = len(failed) * max(lengths[row] for row in failed)
            self.tokens = padded // 2
            self.say(
                f"Out of memory with {padded:,} padded tokens in a microbatch: going "
                f"on with {self.tokens:,} at most."
            )

    def _try(
        self,
        lengths: Sequence[int],
        work: Callable[[list[int]], None],
        start: Callable[[], None],
    ) -> list[int] | None:
        """The batch that did not fit; None if all did."""
        start()
        for rows in batches_by_padded_tokens(lengths, self.tokens):
            try:
                work(rows)
            except torch.OutOfMemoryError:
                return rows  # and let go of what the traceback holds
        return None


def _free_memory() -> None:
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
