"""From docs to labelled spans: windows, queries, the model, places in the text."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from spacy.tokens import Doc

from ..engines.base import Engine
from ..formats.base import Extraction, Format, PromptTokenizer, Query
from ..spans.align import align_mentions, boundaries
from ..spans.resolve import drop_duplicates, to_token_span
from ..trees.batching import batches_by_padded_tokens
from ..types import LabelledSpan, LabelNames, Mention, Window, WindowGetter


@dataclass(frozen=True, slots=True)
class Reading:
    """What was found in one doc.

    spans: in text order; they may still overlap.
    dropped: how many mentions were left out, by reason: "duplicate" (another label has
        the string), "not in text", "misaligned" (no whole tokens), "other window", and
        the reasons of `Extraction.lost`.
    not_in_text: examples of mentions that the model made up.
    extractions: what the model wrote, for each window.
    """

    spans: tuple[LabelledSpan, ...] = ()
    dropped: Counter[str] = field(default_factory=Counter)
    not_in_text: tuple[Mention, ...] = ()
    extractions: tuple[Extraction, ...] = ()


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
) -> list[Reading]:
    """Find the labels' mentions in docs, which stay as they are.

    batch_tokens: padded tokens of text and labels in one batch, at most.
    """
    places: list[tuple[int, Window]] = []
    queries: list[Query] = []
    for place, doc in enumerate(docs):
        for window in windows(doc):
            text = doc[window.start : window.end].text
            if text.strip():
                places.append((place, window))
                queries.append(Query(text, labels))
    extractions = _extract(queries, engine, tokenizer, format, batch_tokens)
    found: list[list[tuple[Window, Extraction]]] = [[] for _ in docs]
    for (place, window), extraction in zip(places, extractions, strict=True):
        found[place].append((window, extraction))
    return [
        _locate(doc, parts, alignment_mode)
        for doc, parts in zip(docs, found, strict=True)
    ]


def _extract(
    queries: Sequence[Query],
    engine: Engine,
    tokenizer: PromptTokenizer,
    format: Format,
    batch_tokens: int,
) -> list[Extraction]:
    lengths = [
        len(tokenizer.encode(query.text).ids) + 4 * len(query.labels)
        for query in queries
    ]
    extractions: dict[int, Extraction] = {}
    for batch in batches_by_padded_tokens(lengths, batch_tokens):
        with engine.session(len(batch)) as session:
            read = format.extract([queries[i] for i in batch], session, tokenizer)
        extractions.update(zip(batch, read, strict=True))
    return [extractions[i] for i in range(len(queries))]


def _locate(
    doc: Doc, parts: Sequence[tuple[Window, Extraction]], alignment_mode: str
) -> Reading:
    """Mentions as spans of whole tokens of the doc."""
    spans: list[LabelledSpan] = []
    dropped: Counter[str] = Counter()
    made_up: list[Mention] = []
    for window, extraction in parts:
        kept, duplicates = drop_duplicates(extraction.mentions)
        text, starts, ends = boundaries(doc[window.start : window.end])
        alignment = align_mentions(text, kept, starts=starts, ends=ends)
        dropped.update(extraction.lost)
        dropped["duplicate"] += len(duplicates)
        dropped["not in text"] += len(alignment.missing)
        made_up += alignment.missing
        offset = doc[window.start].idx
        for placed in alignment.placed:
            tokens = to_token_span(
                doc, offset + placed.start, offset + placed.end, alignment_mode
            )
            if tokens is None:
                dropped["misaligned"] += 1
            elif not window.keep_start <= tokens[0] < window.keep_end:
                dropped["other window"] += 1
            else:
                mention = placed.mention
                spans.append(LabelledSpan(*tokens, mention.label, mention.score))
    spans.sort(key=lambda span: (span.start, span.end))
    extractions = tuple(extraction for _, extraction in parts)
    return Reading(tuple(spans), dropped, tuple(made_up), extractions)
