"""From the mentions that the model wrote to spans of the doc's tokens."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from spacy.tokens import Doc

from ..formats.base import Extraction, Query
from ..spans.align import align_mentions, boundaries
from ..spans.merging import are_answered_for
from ..spans.resolve import to_token_span
from ..types import LabelledSpan, Mention, Window


@dataclass(frozen=True, slots=True)
class FoundMention:
    """A mention, its tokens in the doc, and why it was dropped.

    window: the number of its window.
    span: None if the mention has no tokens in the doc.
    dropped: empty, or the reason: "duplicate" (another label has the string), "not in
        text", "misaligned" (it is not made of whole tokens), "other window" (that one
        is responsible for these tokens), "below threshold".
    """

    window: int
    mention: Mention
    span: LabelledSpan | None = None
    dropped: str = ""


@dataclass(frozen=True, slots=True)
class WindowPrediction:
    """The query about a window, and the model's answer."""

    window: Window
    query: Query
    extraction: Extraction


@dataclass(frozen=True, slots=True)
class Prediction:
    """The spans that were found in one doc, and how.

    spans: in text order. They may overlap.
    dropped: how many mentions were dropped, by reason: see `FoundMention.dropped` and
        `Extraction.lost`.
    not_in_text: the mentions that the text does not contain.
    extractions: the model's answer for each window that is not blank.
    windows: the same, with the queries.
    mentions: all mentions, also those that were dropped.
    """

    spans: tuple[LabelledSpan, ...] = ()
    dropped: Counter[str] = field(default_factory=Counter)
    not_in_text: tuple[Mention, ...] = ()
    extractions: tuple[Extraction, ...] = ()
    windows: tuple[WindowPrediction, ...] = ()
    mentions: tuple[FoundMention, ...] = ()


def locate(
    doc: Doc,
    parts: Sequence[WindowPrediction],
    alignment_mode: str,
    deduplicate: bool,
    threshold: float,
) -> Prediction:
    """Turn mentions into spans of whole tokens of the doc; see `predict_docs`."""
    found: list[FoundMention] = []
    for number, part in enumerate(parts):
        found += _place(doc, number, part, alignment_mode, deduplicate)
    placed = [one for one in found if one.span is not None]
    answered = are_answered_for(
        [part.window for part in parts], [(one.window, one.span) for one in placed]
    )
    settled = [one for one in found if one.span is None]
    for one, is_answered in zip(placed, answered, strict=True):
        if not is_answered:
            one = replace(one, dropped="other window")
        elif one.span.score < threshold:
            one = replace(one, dropped="below threshold")
        settled.append(one)
    dropped = Counter(one.dropped for one in settled if one.dropped)
    for part in parts:
        dropped.update(part.extraction.lost)
    spans = [one.span for one in settled if one.span is not None and not one.dropped]
    return Prediction(
        spans=tuple(sorted(spans, key=lambda span: (span.start, span.end))),
        dropped=dropped,
        not_in_text=tuple(
            one.mention for one in settled if one.dropped == "not in text"
        ),
        extractions=tuple(part.extraction for part in parts),
        windows=tuple(parts),
        mentions=tuple(settled),
    )


def _place(
    doc: Doc,
    number: int,
    part: WindowPrediction,
    alignment_mode: str,
    deduplicate: bool,
) -> list[FoundMention]:
    """Align the mentions of a window with the doc's tokens."""
    window, mentions = part.window, part.extraction.mentions
    text, starts, ends = boundaries(doc[window.start : window.end])
    alignment = align_mentions(
        text, mentions, starts=starts, ends=ends, exclusive=deduplicate
    )
    found = [
        FoundMention(number, one, dropped="duplicate") for one in alignment.duplicates
    ]
    found += [
        FoundMention(number, one, dropped="not in text") for one in alignment.missing
    ]
    offset = doc[window.start].idx
    for placed in alignment.placed:
        tokens = to_token_span(
            doc, offset + placed.start, offset + placed.end, alignment_mode
        )
        if tokens is None:
            found.append(FoundMention(number, placed.mention, dropped="misaligned"))
            continue
        mention = placed.mention
        span = LabelledSpan(*tokens, mention.label, mention.score, mention.weight)
        found.append(FoundMention(number, mention, span))
    return found
