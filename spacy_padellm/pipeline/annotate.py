"""Writing entities, scores and spans into a doc, beside those it already has."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeAlias

import numpy as np
from spacy.tokens import Doc, Span, SpanGroup, Token

from ..locks import BUILDING
from ..spans.resolve import split_overlaps
from ..types import LabelledSpan
from .output import Output
from .prediction import FoundMention, Prediction
from .trace import trace

SCORE = "score"

# Start, end (exclusive, in tokens) and label of a span.
SpanKey: TypeAlias = tuple[int, int, str]


def register_score() -> None:
    """Register `ent._.score`, unless another package has."""
    with BUILDING:  # another thread may build a pipeline as well
        if not Span.has_extension(SCORE):
            Span.set_extension(SCORE, default=None)


def annotate(
    doc: Doc, prediction: Prediction, *, output: Output, component: str
) -> None:
    """Set `doc.ents`, `ent._.score` and, unless `output.spans_key` is None,
    `doc.spans[output.spans_key]`.

    The doc keeps its entities and blocked tokens, and new spans that touch them are
    dropped. With `overwrite_ents`, new entities replace the old ones that they touch.

    The span group keeps the spans that an earlier run or another padellm_ner wrote and
    that are still entities. With `allow_overlap`, it keeps all of them. Its attrs are:

    scores: one for each span, float32.
    dropped: how many mentions became no entity, by reason: those of
        `FoundMention.dropped` and `Prediction.lost`.
    changed: how many entities differ from the mention, by kind: those of
        `FoundMention.changed`.
    dropped_by, changed_by: the same, by component.
    trace: see `trace`; only with `save_trace`.
    """
    if not Span.has_extension(SCORE):  # the component was pickled in another process
        register_score()
    key = output.spans_key
    group = doc.spans.get(key) if key is not None else None
    attrs = group.attrs if group is not None and "scores" in group.attrs else {}
    earlier = dict(zip(map(_key, group or ()), attrs.get("scores", ()), strict=False))

    mentions, kept = _settle(doc, prediction.mentions, output.overwrite_ents)
    old = {_key(ent) for ent in _set_ents(doc, kept)}
    ents = {_key(ent): ent for ent in doc.ents}
    found = sorted(
        prediction.spans if output.allow_overlap else kept, key=lambda span: span.score
    )
    scores = {
        _key(span): span.score
        for span in found
        if _key(span) not in old or _key(span) not in earlier
    }
    _set_scores(doc, scores, ents)
    if key is None:
        return
    for place, score in earlier.items():
        if place in old or output.allow_overlap:
            scores.setdefault(place, score)
    places = sorted(scores)
    settled = replace(prediction, mentions=tuple(mentions))
    changed = Counter(
        one.changed for one in mentions if one.changed and not one.dropped
    )
    doc.spans[key] = SpanGroup(
        doc,
        name=key,
        spans=[ents.get(place) or _span(doc, place) for place in places],
        attrs={
            "scores": np.array([scores[place] for place in places], dtype="float32"),
            **_counts("dropped", attrs, component, settled.dropped),
            **_counts("changed", attrs, component, changed),
            **_traces(attrs, component, settled, output.save_trace),
        },
    )


def _settle(
    doc: Doc, mentions: Sequence[FoundMention], overwrite_ents: bool
) -> tuple[list[FoundMention], list[LabelledSpan]]:
    """The mentions, of which those that overlap others are dropped, and the spans that
    become entities. The best mention that equals an entity of the doc becomes none, and
    is not dropped."""
    taken, there = set(), set()
    if not overwrite_ents:
        taken = {token.i for token in doc if _is_blocked(token)}
        taken |= {i for ent in doc.ents for i in range(ent.start, ent.end)}
        there = {_key(ent) for ent in doc.ents}
    numbers = [number for number, one in enumerate(mentions) if one.is_kept]
    spans = [mentions[number].span for number in numbers]
    kept, others = split_overlaps(spans, taken)
    settled = list(mentions)
    for index in others:  # sorted: the best span of a place comes first
        if _key(spans[index]) in there:
            there.remove(_key(spans[index]))
        else:
            number = numbers[index]
            settled[number] = replace(settled[number], dropped="overlap")
    return settled, [spans[index] for index in kept]


def _set_ents(doc: Doc, new: Sequence[LabelledSpan]) -> list[Span]:
    """Add entities. Returns the old ones that the doc keeps."""
    covered = {i for span in new for i in range(span.start, span.end)}
    blocked = [token.i for token in doc if _is_blocked(token)]
    old = [ent for ent in doc.ents if covered.isdisjoint(range(ent.start, ent.end))]
    doc.set_ents(
        old + [_span(doc, _key(span)) for span in new],
        blocked=[doc[i : i + 1] for i in blocked if i not in covered],
        default="outside",
    )
    return old


def _set_scores(
    doc: Doc, scores: Mapping[SpanKey, float], ents: Mapping[SpanKey, Span]
) -> None:
    """Set `span._.score`. Spans of the same tokens share it: it is the entity's score
    if one of them is an entity, and the highest score otherwise."""
    of_ent = {(start, end): label for start, end, label in ents}
    best: dict[tuple[int, int], float] = {}
    for (start, end, label), score in scores.items():
        if of_ent.get((start, end), label) == label:
            best[start, end] = max(score, best.get((start, end), 0.0))
    for start, end in sorted(best):
        doc[start:end]._.set(SCORE, best[start, end])


def _counts(
    kind: str, attrs: Mapping[str, Any], component: str, counts: Counter[str]
) -> dict[str, dict]:
    by = {**attrs.get(f"{kind}_by", {}), component: dict(counts)}
    total = sum((Counter(counts) for counts in by.values()), Counter())
    return {kind: dict(total), f"{kind}_by": by}


def _traces(
    attrs: Mapping[str, Any],
    component: str,
    prediction: Prediction,
    save_trace: bool,
) -> dict[str, list[dict]]:
    others = [one for one in attrs.get("trace", ()) if one["component"] != component]
    if not save_trace:
        return {"trace": others} if others else {}
    return {"trace": others + trace(prediction, component)}


def _is_blocked(token: Token) -> bool:
    return token.ent_iob == 3 and not token.ent_type


def _key(span: Span | LabelledSpan) -> SpanKey:
    return span.start, span.end, span.label_ if isinstance(span, Span) else span.label


def _span(doc: Doc, place: SpanKey) -> Span:
    start, end, label = place
    return Span(doc, start, end, label=label)
