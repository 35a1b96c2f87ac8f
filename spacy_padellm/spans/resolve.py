"""Resolve conflicts: overlaps and characters inside tokens."""

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

from ..types import LabelledSpan

if TYPE_CHECKING:
    from spacy.tokens import Doc


def drop_overlaps(
    spans: Sequence[LabelledSpan], taken: Collection[int] = ()
) -> tuple[list[LabelledSpan], list[LabelledSpan]]:
    """The spans that `split_overlaps` keeps and drops."""
    kept, dropped = split_overlaps(spans, taken)
    return [spans[number] for number in kept], [spans[number] for number in dropped]


def split_overlaps(
    spans: Sequence[LabelledSpan], taken: Collection[int] = ()
) -> tuple[list[int], list[int]]:
    """Keep spans that do not overlap each other or the tokens in `taken`.

    taken: indices of tokens that no span may include.

    Spans with a higher rank are preferred. In a tie, the longer span is preferred,
    then the earlier span, then the label in alphabetical order. Returns the indices of
    the kept and of the dropped spans, both in text order.
    """

    def preference(number: int) -> tuple[float, int, int, str]:
        span = spans[number]
        return -span.rank, span.start - span.end, span.start, span.label

    def place(number: int) -> tuple[int, int]:
        return spans[number].start, spans[number].end

    occupied = set(taken)
    kept, dropped = [], []
    for number in sorted(range(len(spans)), key=preference):
        tokens = range(*place(number))
        if occupied.isdisjoint(tokens):
            kept.append(number)
            occupied.update(tokens)
        else:
            dropped.append(number)
    # The sort is stable: dropped spans with the same tokens keep their ranking.
    return sorted(kept, key=place), sorted(dropped, key=place)


def to_token_span(
    doc: "Doc", start_char: int, end_char: int, mode: str
) -> tuple[int, int] | None:
    """Convert characters `start_char` to `end_char` to tokens (end exclusive).

    mode: the alignment mode of `Doc.char_span`. "strict" requires token boundaries,
        "contract" takes the tokens inside the characters, and "expand" takes all tokens
        that overlap them. Whitespace tokens at either end are removed.

    Returns None if no tokens are left. Raises ValueError (spaCy's E202) for another
    mode.
    """
    span = doc.char_span(start_char, end_char, alignment_mode=mode)
    if span is None:
        return None
    return without_outer_spaces(doc, span.start, span.end)


def without_outer_spaces(doc: "Doc", start: int, end: int) -> tuple[int, int] | None:
    """Remove whitespace tokens at either end. Returns None if no tokens are left."""
    while start < end and doc[start].is_space:
        start += 1
    while start < end and doc[end - 1].is_space:
        end -= 1
    return (start, end) if start < end else None
