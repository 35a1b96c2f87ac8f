"""Queries through a format and an engine."""

from collections.abc import Sequence

from ..engines.base import Engine, Session
from ..engines.scheduler import run_batches
from ..types import PromptTokenizer
from .base import Extraction, Format, Query

# Tokens that a label adds to a text, about: its name and its answer.
LABEL_TOKENS = 4


def extract(
    queries: Sequence[Query],
    *,
    engine: Engine,
    tokenizer: PromptTokenizer,
    format: Format,
    batch_tokens: int,
) -> list[Extraction]:
    """What is found for each query, however many there are.

    batch_tokens: padded tokens of texts and labels in a batch, at most.

    Raises RowDoesNotFit, with the number of the query, for a query that is too long for
    the model or takes more memory than there is.
    """
    encoded = [format.encode(query, tokenizer) for query in queries]
    lengths = [
        one.n_tokens + LABEL_TOKENS * len(query.labels)
        for one, query in zip(encoded, queries, strict=True)
    ]

    def work(session: Session, batch: list[int]) -> list[Extraction]:
        return format.extract([encoded[number] for number in batch], session)

    return run_batches(engine, lengths, work, batch_tokens=batch_tokens)


def extract_in_session(
    queries: Sequence[Query],
    session: Session,
    *,
    tokenizer: PromptTokenizer,
    format: Format,
) -> list[Extraction]:
    """What is found for each query of a session's texts."""
    return format.extract([format.encode(one, tokenizer) for one in queries], session)
