"""Splits texts into batches for an engine: sizes, threads and memory."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from ..execution.memory import free_memory, memory_checked
from ..trees.batching import DoesNotFit, batches_by_padded_tokens, run_halving
from .base import Engine, Session

Result = TypeVar("Result")


def run_batches(
    engine: Engine,
    lengths: Sequence[int],
    work: Callable[[Session, list[int]], Sequence[Result]],
    *,
    batch_tokens: int,
) -> list[Result]:
    """Run texts in batches of similar length.

    lengths: tokens of each text with its labels.
    work: takes a session and the indices of its texts; returns one result for each.
    batch_tokens: the most padded tokens in a batch; a longer text is a batch of its
        own. A batch that does not fit is halved and run again, with no other beside it.

    Raises RowDoesNotFit, with the index of the text, if a text alone does not fit.
    """

    def run(batch: list[int]) -> dict[int, Result]:
        with memory_checked(), engine.session(len(batch)) as session:
            return dict(zip(batch, work(session, batch), strict=True))

    batches = batches_by_padded_tokens(lengths, batch_tokens)
    in_flight = min(getattr(engine, "in_flight", 1), len(batches))
    results: dict[int, Result] = {}
    if in_flight > 1:
        results = _run_at_once(batches, run, in_flight)
        batches = [batch for batch in batches if batch[0] not in results]
    for _, found in run_halving(batches, run, before_retry=lambda _: free_memory()):
        results |= found
    return [results[index] for index in range(len(lengths))]


def _run_at_once(
    batches: Sequence[list[int]],
    run: Callable[[list[int]], dict[int, Result]],
    in_flight: int,
) -> dict[int, Result]:
    """Run the batches in `in_flight` threads; leave out those that do not fit."""

    def run_if_it_fits(batch: list[int]) -> dict[int, Result]:
        try:
            return run(batch)
        except DoesNotFit:
            return {}

    results: dict[int, Result] = {}
    with ThreadPoolExecutor(in_flight) as threads:
        for found in threads.map(run_if_it_fits, batches):
            results |= found
    return results
