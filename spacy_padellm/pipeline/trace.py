"""The trace of a doc: what the model was asked, what it wrote, and what was dropped."""

from typing import Any

from ..types import probability
from .prediction import FoundMention, Prediction


def trace(prediction: Prediction, component: str) -> list[dict[str, Any]]:
    """One dict for each window, in text order. It holds strings and numbers only.

    The keys are:

    component: the name of the component.
    start, end: the window's tokens in the doc, end exclusive.
    text, labels: the query: the text, and each label with the name that the model read.
    counts: how many mentions the model predicted for each label.
    lost: how often a part of the answer could not be read, by reason.
    mentions: a dict for each mention, by label and index:
        label, text: as the model wrote it; index: its number under the label, from 1.
        score: count_probability x probability, which are P(count >= index) and
            P(mention).
        start, end: its tokens in the doc; null if it has none.
        start_char, end_char: its own characters in the doc; null if it has none. Its
            tokens may have fewer or more.
        changed: how its tokens differ from it, see `FoundMention`; null if they do not.
        instead_of: the string that the model wrote first, but other mentions of the
            label used up; null if there is none.
        dropped: why it became no entity; null if it is one.
    """
    mentions: list[list[FoundMention]] = [[] for _ in prediction.windows]
    for one in prediction.mentions:
        mentions[one.window].append(one)
    windows = []
    for part, found in zip(prediction.windows, mentions, strict=True):
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
                "mentions": [_mention(one) for one in found],
            }
        )
    return windows


def _mention(found: FoundMention) -> dict[str, Any]:
    mention, span = found.mention, found.span
    start_char, end_char = found.place or (None, None)
    return {
        "label": mention.label,
        "text": mention.text,
        "index": mention.index,
        "score": mention.score,
        "probability": probability(mention.logprob),
        "count_probability": probability(mention.count_logprob),
        "start": None if span is None else span.start,
        "end": None if span is None else span.end,
        "start_char": start_char,
        "end_char": end_char,
        "changed": found.changed or None,
        "instead_of": mention.instead_of or None,
        "dropped": found.dropped or None,
    }
