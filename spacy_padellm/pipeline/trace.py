"""The whole trace of a doc: what was asked, what was written, what became of it."""

from collections.abc import Sequence
from typing import Any

from ..types import LabelledSpan, probability
from .prediction import FoundMention, Prediction


def trace(
    reading: Prediction, overlapping: Sequence[LabelledSpan], component: str
) -> list[dict[str, Any]]:
    """A dict for each window that was read, in text order; strings and numbers alone.

    overlapping: the spans of the reading for which doc.ents had no room.

    component: the name of the component.
    start, end: the window's tokens in the doc, end exclusive.
    text, labels: what was asked: the text and, for each label, the name that the model
        read; how they are written as prompts is the format's own.
    counts: how many mentions the model said that there are, by label.
    lost: what it wrote and could not be read, by reason: how often.
    mentions: a dict for each, labels in the order asked:
        label, text: as it was written; index: its number under the label, from 1.
        score: count_probability, P(count >= index), x probability, P(mention).
        start, end: its tokens in the doc; null where it has none.
        dropped: why it became no entity, as in the counts of what was dropped; null
            where it is one.
    """
    no_room = {id(span) for span in overlapping}
    mentions: list[list[FoundMention]] = [[] for _ in reading.windows]
    for one in reading.mentions:
        mentions[one.window].append(one)
    windows = []
    for part, found in zip(reading.windows, mentions, strict=True):
        order = {label: place for place, label in enumerate(part.query.labels)}
        found.sort(key=lambda one: (order[one.mention.label], one.mention.index))
        windows.append(
            {
                "component": component,
                "start": part.window.start,
                "end": part.window.end,
                "text": part.query.text,
                "labels": dict(part.query.labels),
                "counts": dict(part.extraction.counts),
                "lost": {k: n for k, n in part.extraction.lost.items() if n},
                "mentions": [_mention(one, id(one.span) in no_room) for one in found],
            }
        )
    return windows


def _mention(found: FoundMention, has_no_room: bool) -> dict[str, Any]:
    mention, span = found.mention, found.span
    return {
        "label": mention.label,
        "text": mention.text,
        "index": mention.index,
        "score": mention.score,
        "probability": probability(mention.logprob),
        "count_probability": probability(mention.count_logprob),
        "start": None if span is None else span.start,
        "end": None if span is None else span.end,
        "dropped": found.dropped or ("overlap" if has_no_room else None),
    }
