"""Extracts mentions with a format and an engine."""

from collections.abc import Sequence

from ..engines.base import Engine, Session
from ..engines.scheduler import run_batches
from ..types import LabelNames, PromptTokenizer
from .base import Extraction, Format, Query


def extract(
    queries: Sequence[Query],
    *,
    engine: Engine,
    format: Format,
    batch_tokens: int,
) -> list[Extraction]:
    """Extract the mentions of each query, in batches.

    batch_tokens: the most padded tokens of texts and labels in a batch.

    Raises RowDoesNotFit, with the index of the query, if a query is too long for the
    model or for the memory.
    """
    encoded = [format.encode(query, engine.tokenizer) for query in queries]
    lengths = [
        one.n_tokens + format.label_tokens(query.labels)
        for one, query in zip(encoded, queries, strict=True)
    ]

    def work(session: Session, batch: list[int]) -> list[Extraction]:
        return format.extract([encoded[index] for index in batch], session)

    return run_batches(engine, lengths, work, batch_tokens=batch_tokens)


def prepare(labels: LabelNames, *, engine: Engine, format: Format) -> None:
    """Compute and keep what depends on the labels alone; see `Format.prepare`."""
    with engine.session(1) as session:
        format.prepare(labels, engine.tokenizer, session)


def extract_in_session(
    queries: Sequence[Query],
    session: Session,
    *,
    tokenizer: PromptTokenizer,
    format: Format,
) -> list[Extraction]:
    """Extract the mentions of each query in an open session."""
    return format.extract([format.encode(one, tokenizer) for one in queries], session)
