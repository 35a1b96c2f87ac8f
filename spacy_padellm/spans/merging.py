"""Which window answers for a mention where windows overlap."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Sequence
from itertools import takewhile

from ..types import LabelledSpan, Window


def are_answered_for(
    windows: Sequence[Window], found: Sequence[tuple[int, LabelledSpan]]
) -> list[bool]:
    """Whether each span was found by the window that answers for it.

    windows: of one doc, in text order. found: the number of the window, and the span.

    A window answers for the spans whose first token it keeps; where it does not hold
    such a span to its end, the next window that does answers in its stead. A span that
    ends or begins with its window is no more than a part if another window has found
    more, under the same label.
    """
    answered = [number == _answering(windows, span) for number, span in found]
    whole: dict[int, list[LabelledSpan]] = defaultdict(list)
    for (number, span), is_answered in zip(found, answered, strict=True):
        if is_answered:
            whole[number].append(span)
    return [
        is_answered and not _is_part(windows, whole, number, span)
        for (number, span), is_answered in zip(found, answered, strict=True)
    ]


def _answering(windows: Sequence[Window], span: LabelledSpan) -> int:
    keeper = bisect_right(windows, span.start, key=lambda window: window.keep_end)
    for number in range(keeper, len(windows)):
        if windows[number].start > span.start:
            break
        if span.end <= windows[number].end:
            return number
    return keeper


def _is_part(
    windows: Sequence[Window],
    whole: dict[int, list[LabelledSpan]],
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
        for other in whole[neighbour]
    )
