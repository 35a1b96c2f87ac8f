"""Writing what was found into a doc, beside what is there already."""

from collections.abc import Mapping, Sequence

import numpy as np
from spacy.tokens import Doc, Span, SpanGroup

from ..spans.resolve import drop_overlaps
from ..types import LabelledSpan

SCORE = "score"


def register_score() -> None:
    """`ent._.score`, unless another package has registered it."""
    if not Span.has_extension(SCORE):
        Span.set_extension(SCORE, default=None)


def annotate(
    doc: Doc,
    spans: Sequence[LabelledSpan],
    *,
    dropped: Mapping[str, int],
    spans_key: str,
    overwrite_ents: bool,
) -> None:
    """Set `doc.ents`, `ent._.score` and `doc.spans[spans_key]`.

    The group of spans keeps what an earlier run wrote there and is still an entity.

    dropped: how many mentions were left out so far, by reason. With those that overlap
        others they stand in `doc.spans[spans_key].attrs["dropped"]`.
    overwrite_ents: entities and blocked tokens that the doc already has give way to
        new entities that touch them; else they stay.
    """
    earlier = _scores(doc, spans_key)
    blocked = [token.i for token in doc if token.ent_iob == 3 and not token.ent_type]
    taken = set(blocked) | {i for ent in doc.ents for i in range(ent.start, ent.end)}
    if not overwrite_ents:
        there = {_place(ent) for ent in doc.ents}
        spans = [s for s in spans if (s.start, s.end, s.label) not in there]
    kept, overlapping = drop_overlaps(spans, () if overwrite_ents else taken)
    new = [Span(doc, span.start, span.end, label=span.label) for span in kept]
    covered = {i for span in kept for i in range(span.start, span.end)}
    old = [ent for ent in doc.ents if covered.isdisjoint(range(ent.start, ent.end))]
    doc.set_ents(
        old + new,
        blocked=[doc[i : i + 1] for i in blocked if i not in covered],
        default="outside",
    )
    scored = [(ent, earlier[_place(ent)]) for ent in old if _place(ent) in earlier]
    for span, labelled in zip(new, kept, strict=True):
        span._.set(SCORE, labelled.score)
        scored.append((span, labelled.score))
    scored.sort(key=lambda pair: pair[0].start)
    counts = {**dropped, "overlap": len(overlapping)}
    doc.spans[spans_key] = SpanGroup(
        doc,
        name=spans_key,
        spans=[span for span, _ in scored],
        attrs={
            "scores": np.array([score for _, score in scored], dtype="float32"),
            "dropped": {reason: count for reason, count in counts.items() if count},
        },
    )


def _scores(doc: Doc, spans_key: str) -> dict[tuple[int, int, str], float]:
    """The scores that stand in a group of spans, by place."""
    group = doc.spans.get(spans_key)
    if group is None:
        return {}
    return dict(zip(map(_place, group), group.attrs.get("scores", ()), strict=False))


def _place(span: Span) -> tuple[int, int, str]:
    return span.start, span.end, span.label_
