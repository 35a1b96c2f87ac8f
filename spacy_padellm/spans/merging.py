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

    Two windows may disagree about the first token, so that each finds a span that the
    other one is responsible for. The longer one is then kept, unless another span with
    the same label overlaps it.
    """
    is_own = [number == _responsible(windows, span) for number, span in found]
    own_spans: dict[int, list[LabelledSpan]] = defaultdict(list)
    for (number, span), own in zip(found, is_own, strict=True):
        if own:
            own_spans[number].append(span)
    kept = [
        own and not _is_cut_off(windows, own_spans, number, span)
        for (number, span), own in zip(found, is_own, strict=True)
    ]
    others = [i for i, own in enumerate(is_own) if not own]
    others.sort(key=lambda i: found[i][1].start - found[i][1].end)  # longest first
    by_window: dict[int, list[int]] = defaultdict(list)
    for i, (number, _) in enumerate(found):
        by_window[number].append(i)
    for i in others:
        number, span = found[i]
        near = (number, *_neighbours(windows, number, span))
        rivals = [j for n in near for j in by_window[n] if _meet(span, found[j][1])]
        keeper = _responsible(windows, span)
        disputed = any(
            found[j][0] == keeper and _responsible(windows, found[j][1]) == number
            for j in rivals
        )
        kept[i] = disputed and not any(kept[j] for j in rivals)
    return kept


def _meet(span: LabelledSpan, other: LabelledSpan) -> bool:
    """Whether two spans of one label overlap."""
    overlap = span.start < other.end and other.start < span.end
    return overlap and span.label == other.label


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
    return any(
        other.label == span.label
        and other.start <= span.start
        and other.end >= span.end
        and (other.start, other.end) != (span.start, span.end)
        for neighbour in _neighbours(windows, number, span)
        for other in own_spans[neighbour]
    )


def _neighbours(
    windows: Sequence[Window], number: int, span: LabelledSpan
) -> list[int]:
    """The numbers of the other windows that have tokens of a span."""
    later = range(number + 1, len(windows))
    earlier = range(number - 1, -1, -1)
    return [
        *takewhile(lambda other: windows[other].start < span.end, later),
        *takewhile(lambda other: windows[other].end > span.start, earlier),
    ]
