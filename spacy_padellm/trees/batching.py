"""Rows of like length together, so that little is spent on padding."""

from collections.abc import Sequence


def batches_by_padded_tokens(
    lengths: Sequence[int], max_tokens: int, max_rows: int | None = None
) -> list[list[int]]:
    """Group rows, longest first, so that no batch exceeds `max_tokens` when padded.

    lengths: tokens of each row.
    max_tokens: rows x longest row, at most; a row that is longer alone is a batch of
        its own.
    Returns the row numbers of each batch; every row is in exactly one.
    """
    batches: list[list[int]] = []
    longest = 0
    for row in sorted(range(len(lengths)), key=lambda row: -lengths[row]):
        size = len(batches[-1]) if batches else 0
        full = size == max_rows or (size + 1) * longest > max_tokens
        if not batches or full:
            batches.append([])
            longest = lengths[row]
        batches[-1].append(row)
    return batches
