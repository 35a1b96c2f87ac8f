"""Many queries through an engine, those of like length together."""

from collections.abc import Sequence

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

    A batch that takes too much memory is halved. QueryTooLarge: that did not help.
    """
    lengths = [
        len(tokenizer.encode(query.text).ids) + 4 * len(query.labels)
        for query in queries
    ]
    found: dict[int, Extraction] = {}
    left = batches_by_padded_tokens(lengths, batch_tokens)[::-1]
    while left:
        batch = left.pop()
        try:
            with engine.session(len(batch)) as session:
                asked = [queries[number] for number in batch]
                read = format.extract(asked, session, tokenizer)
        except Exception as error:
            if not _is_too_large(error):
                raise
            if len(batch) == 1:
                raise QueryTooLarge(batch[0], str(error)) from error
            left += [batch[len(batch) // 2 :], batch[: len(batch) // 2]]
        else:
            found.update(zip(batch, read, strict=True))
    return [found[number] for number in range(len(queries))]


def _is_too_large(error: Exception) -> bool:
    """Whether an engine says that memory ran out, or that a prompt is too long."""
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":
        return True
    message = str(error)
    # torch has no class of its own for the CPU's memory
    return message.startswith("[E601]") or "can't allocate memory" in message
