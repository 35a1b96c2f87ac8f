"""From what the model wrote about a doc's windows to spans of the doc's tokens."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from spacy.tokens import Doc

from ..formats.base import Extraction, Query
from ..spans.align import align_mentions, boundaries
from ..spans.merging import are_answered_for
from ..spans.resolve import drop_duplicates, to_token_span
from ..types import LabelledSpan, Mention, Window


@dataclass(frozen=True, slots=True)
class FoundMention:
    """A mention, the tokens of the doc that it was found at, and why it was dropped.

    window: the number of its window among those that were read.
    span: None where the mention has no tokens.
    dropped: "duplicate" (another label has the string), "not in text", "misaligned" (no
        whole tokens), "other window" (that one answers for it), "below threshold"; or
        empty.
    """

    window: int
    mention: Mention
    span: LabelledSpan | None = None
    dropped: str = ""


@dataclass(frozen=True, slots=True)
class WindowPrediction:
    """What was asked about a window that is not blank, and what the model wrote."""

    window: Window
    query: Query
    extraction: Extraction


@dataclass(frozen=True, slots=True)
class Prediction:
    """What was found in one doc.

    spans: in text order; they may still overlap.
    dropped: how many mentions were left out, by reason: those of `FoundMention.dropped`
        and of `Extraction.lost`.
    not_in_text: examples of mentions that the model made up.
    extractions: what the model wrote, for each window.
    windows: the same with what was asked.
    mentions: all that were written and could be read, with what became of them; the
        spans are those of the mentions that were not dropped.
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
    """Mentions as spans of whole tokens of the doc; see `predict_docs`."""
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
    """The mentions of a window at the tokens where they stand."""
    window, mentions = part.window, part.extraction.mentions
    kept, duplicates = drop_duplicates(mentions) if deduplicate else (mentions, [])
    text, starts, ends = boundaries(doc[window.start : window.end])
    alignment = align_mentions(text, kept, starts=starts, ends=ends)
    found = [FoundMention(number, one, dropped="duplicate") for one in duplicates]
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
        span = LabelledSpan(*tokens, mention.label, mention.score)
        found.append(FoundMention(number, mention, span))
    return found
