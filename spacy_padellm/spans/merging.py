"""Merge the spans of overlapping windows."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Sequence
from itertools import accumulate, takewhile

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
    order = _Order(windows)
    is_own = [number == order.responsible(span) for number, span in found]
    own_spans: dict[int, list[LabelledSpan]] = defaultdict(list)
    for (number, span), own in zip(found, is_own, strict=True):
        if own:
            own_spans[number].append(span)
    kept = [
        own and not _is_cut_off(order, own_spans, number, span)
        for (number, span), own in zip(found, is_own, strict=True)
    ]
    others = [i for i, own in enumerate(is_own) if not own]
    others.sort(key=lambda i: found[i][1].start - found[i][1].end)  # longest first
    by_window: dict[int, list[int]] = defaultdict(list)
    for i, (number, _) in enumerate(found):
        by_window[number].append(i)
    for i in others:
        number, span = found[i]
        near = (number, *order.neighbours(number, span))
        rivals = [j for n in near for j in by_window[n] if _meet(span, found[j][1])]
        keeper = order.responsible(span)
        disputed = any(
            found[j][0] == keeper and order.responsible(found[j][1]) == number
            for j in rivals
        )
        kept[i] = disputed and not any(kept[j] for j in rivals)
    return kept


def _meet(span: LabelledSpan, other: LabelledSpan) -> bool:
    """Whether two spans of one label overlap."""
    overlap = span.start < other.end and other.start < span.end
    return overlap and span.label == other.label


def _is_cut_off(
    order: "_Order",
    own_spans: dict[int, list[LabelledSpan]],
    number: int,
    span: LabelledSpan,
) -> bool:
    window = order.windows[number]
    if span.start > window.start and span.end < window.end:
        return False
    return any(
        other.label == span.label
        and other.start <= span.start
        and other.end >= span.end
        and (other.start, other.end) != (span.start, span.end)
        for neighbour in order.neighbours(number, span)
        for other in own_spans[neighbour]
    )


class _Order:
    """The windows of a doc, whose kept parts are in text order. A window that was cut
    for its characters may begin after the next one does.

    starts: the first start of a window and of those after it. ends: the last end of a
        window and of those before it.
    """

    def __init__(self, windows: Sequence[Window]) -> None:
        self.windows = windows
        starts = accumulate((one.start for one in reversed(windows)), min)
        self.starts = [*starts][::-1]
        self.ends = [*accumulate((one.end for one in windows), max)]

    def responsible(self, span: LabelledSpan) -> int:
        """The number of the window that answers for a span."""
        keeper = bisect_right(
            self.windows, span.start, key=lambda window: window.keep_end
        )
        for number in range(keeper, len(self.windows)):
            if self.starts[number] > span.start:
                break
            window = self.windows[number]
            if window.start <= span.start and span.end <= window.end:
                return number
        return keeper

    def neighbours(self, number: int, span: LabelledSpan) -> list[int]:
        """The numbers of the other windows that have tokens of a span."""
        later = range(number + 1, len(self.windows))
        earlier = range(number - 1, -1, -1)
        near = (
            *takewhile(lambda other: self.starts[other] < span.end, later),
            *takewhile(lambda other: self.ends[other] > span.start, earlier),
        )
        windows = self.windows
        return [
            other
            for other in near
            if windows[other].start < span.end and windows[other].end > span.start
        ]
