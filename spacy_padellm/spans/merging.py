"""Merge the spans of overlapping windows."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Sequence
from itertools import takewhile

from ..types import LabelledSpan, Window


def are_answered_for(
    windows: Sequence[Window], found: Sequence[tuple[int, LabelledSpan]]
) -> list[bool]:
    """Return whether to keep each span.

    windows: the windows of one doc, in text order.
    found: (window number, span) for each span.

    A span is kept if it comes from the responsible window. This is the window that
    keeps the span's first token. If that window does not contain the whole span, the
    next window that does is responsible.

    A span at the edge of its window may be cut off. It is dropped if another window
    has a longer span around it with the same label.
    """
    is_own = [number == _responsible(windows, span) for number, span in found]
    own_spans: dict[int, list[LabelledSpan]] = defaultdict(list)
    for (number, span), own in zip(found, is_own, strict=True):
        if own:
            own_spans[number].append(span)
    return [
        own and not _is_cut_off(windows, own_spans, number, span)
        for (number, span), own in zip(found, is_own, strict=True)
    ]


def _responsible(windows: Sequence[Window], span: LabelledSpan) -> int:
    keeper = bisect_right(windows, span.start, key=lambda window: window.keep_end)
    for number in range(keeper, len(windows)):
        if windows[number].start > span.start:
            break
        if span.end <= windows[number].end:
            return number
    return keeper


def _is_cut_off(
    windows: Sequence[Window],
    own_spans: dict[int, list[LabelledSpan]],
    number: int,
    span: LabelledSpan,
) -> bool:
    window = windows[number]
    if span.start > window.start and span.end < window.end:
        return False
    later = range(number + 1, len(windows))
    earlier = range(number - 1, -1, -1)
    neighbours = [
        *takewhile(lambda other: windows[other].start < span.end, later),
        *takewhile(lambda other: windows[other].end > span.start, earlier),
    ]
    return any(
        other.label == span.label
        and other.start <= span.start
        and other.end >= span.end
        and (other.start, other.end) != (span.start, span.end)
        for neighbour in neighbours
        for other in own_spans[neighbour]
    )
