"""From docs to readings: windows, queries, batches, the model."""

from collections.abc import Sequence

from spacy.tokens import Doc

from ..engines.base import Engine
from ..errors import Errors
from ..formats.base import Format, PromptTokenizer, Query
from ..formats.batches import QueryTooLarge, extract_in_batches
from ..types import LabelNames, Window, WindowGetter
from .locating import Reading, WindowReading, locate


def read_docs(
    docs: Sequence[Doc],
    labels: LabelNames,
    *,
    engine: Engine,
    tokenizer: PromptTokenizer,
    format: Format,
    windows: WindowGetter,
    alignment_mode: str,
    batch_tokens: int,
    deduplicate: bool = True,
    threshold: float = 0.0,
) -> list[Reading]:
    """Find the labels' mentions in docs, which stay as they are.

    batch_tokens: padded tokens of text and labels in one batch, at most.
    deduplicate: leave a string to its most probable label.
    threshold: drop mentions with a lower score.

    ValueError: a window is too long for the model, or takes too much memory by itself;
    the message says which.
    """
    places: list[tuple[int, Window]] = []
    queries: list[Query] = []
    for place, doc in enumerate(docs):
        for window in windows(doc):
            text = doc[window.start : window.end].text
            if text.strip():
                places.append((place, window))
                queries.append(Query(text, labels))
    try:
        extractions = extract_in_batches(
            queries,
            engine=engine,
            tokenizer=tokenizer,
            format=format,
            batch_tokens=batch_tokens,
        )
    except QueryTooLarge as error:
        place, window = places[error.number]
        raise ValueError(_too_large(docs[place], window, error)) from error
    found: list[list[WindowReading]] = [[] for _ in docs]
    for i, (place, window) in enumerate(places):
        found[place].append(WindowReading(window, queries[i], extractions[i]))
    return [
        locate(doc, parts, alignment_mode, deduplicate, threshold)
        for doc, parts in zip(docs, found, strict=True)
    ]


def _too_large(doc: Doc, window: Window, error: ValueError) -> str:
    begin = doc[window.start : min(window.end, window.start + 5)].text
    return Errors.E807.format(
        start=window.start,
        end=window.end,
        n_tokens=len(doc),
        begin=begin[:60],
        error=error,
    )
