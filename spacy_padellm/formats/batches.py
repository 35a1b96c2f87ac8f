"""Many queries through an engine, those of like length together."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from ..engines.base import Engine
from ..trees.batching import batches_by_padded_tokens
from .base import Extraction, Format, PromptTokenizer, Query


class QueryTooLarge(ValueError):
    """A query that is too long for the model, or takes more memory than there is, even
    by itself. number: its place among the queries."""

    def __init__(self, number: int, reason: str) -> None:
        super().__init__(reason)
        self.number = number


def extract_in_batches(
    queries: Sequence[Query],
    *,
    engine: Engine,
    tokenizer: PromptTokenizer,
    format: Format,
    batch_tokens: int,
) -> list[Extraction]:
    """What is found for each query.

    batch_tokens: padded tokens of texts and labels in a batch, at most; a text that is
        longer is a batch of its own.

    A batch that takes too much memory, beside another one or by itself, is taken anew
    and halved. QueryTooLarge: that did not help.
    """
    lengths = [
        len(tokenizer.encode(query.text).ids) + 4 * len(query.labels)
        for query in queries
    ]
    batches = batches_by_padded_tokens(lengths, batch_tokens)
    reader = _Reader(queries, engine, tokenizer, format)
    in_flight = min(getattr(engine, "in_flight", 1), len(batches))
    found = reader.at_once(batches, in_flight) if in_flight > 1 else {}
    found |= reader.one_by_one([batch for batch in batches if batch[0] not in found])
    return [found[number] for number in range(len(queries))]


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads batches, which are numbers of queries; gives what was found by number."""

    queries: Sequence[Query]
    engine: Engine
    tokenizer: PromptTokenizer
    format: Format

    def at_once(
        self, batches: Sequence[Sequence[int]], in_flight: int
    ) -> dict[int, Extraction]:
        """In so many threads; without the batches that take too much memory."""

        def read_if_it_fits(batch: Sequence[int]) -> dict[int, Extraction]:
            try:
                return self._read(batch)
            except Exception as error:
                if not _is_too_large(error):
                    raise
                return {}

        found = {}
        with ThreadPoolExecutor(in_flight) as threads:
            for read in threads.map(read_if_it_fits, batches):
                found |= read
        return found

    def one_by_one(self, batches: Sequence[Sequence[int]]) -> dict[int, Extraction]:
        found = {}
        left = list(batches)[::-1]
        while left:
            batch = left.pop()
            try:
                found |= self._read(batch)
            except Exception as error:
                if not _is_too_large(error):
                    raise
                if len(batch) == 1:
                    raise QueryTooLarge(batch[0], str(error)) from error
                left += [batch[len(batch) // 2 :], batch[: len(batch) // 2]]
        return found

    def _read(self, batch: Sequence[int]) -> dict[int, Extraction]:
        with self.engine.session(len(batch)) as session:
            asked = [self.queries[number] for number in batch]
            read = self.format.extract(asked, session, self.tokenizer)
        return dict(zip(batch, read, strict=True))


def _is_too_large(error: Exception) -> bool:
    """Whether an engine says that memory ran out, or that a prompt is too long."""
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":
        return True
    message = str(error)
    # torch has no class of its own for the CPU's memory
    return message.startswith("[E601]") or "can't allocate memory" in message
