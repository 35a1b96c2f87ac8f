"""Which label comes first where several have a mention with the same text."""

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence

from ..types import Mention, Place


def in_order_of_labels(
    chosen: Mapping[int, Place],
    mentions: Sequence[Mention],
    occurrences: Mapping[str, Sequence[Place]],
) -> dict[int, Place]:
    """Deal out the places of mentions with the same text again, in a better order.

    chosen: number of a mention → its place.
    occurrences: string → where it occurs in the text.

    The mentions of a label are numbered in text order. So a mention stands before the
    next mention of its label, and behind the one before. In "Washington met Adams in
    Washington", the person comes first if the other person is Adams. Where this does
    not decide, the more probable mention comes first. Places that labels share stay as
    they are.
    """
    if len(set(chosen.values())) < len(chosen):
        return dict(chosen)
    rows: dict[str, list[Mention]] = defaultdict(list)
    for mention in mentions:
        rows[mention.label].append(mention)

    def order(number: int) -> tuple[float, float, float]:
        mention = mentions[number]
        after = before = None
        for other in rows[mention.label]:
            places = _places(other, occurrences)
            if not places or other.text.strip() == mention.text.strip():
                continue
            if other.index > mention.index and (
                after is None or other.index < after[0]
            ):
                after = other.index, places[-1][0]
            if other.index < mention.index and (
                before is None or other.index > before[0]
            ):
                before = other.index, places[0][0]
        return (
            after[1] if after else math.inf,
            before[1] if before else -math.inf,
            -mention.logprob,
        )

    numbers = sorted(chosen, key=order)
    dealt = dict(zip(numbers, sorted(chosen.values()), strict=True))
    by_label: dict[str, list[int]] = defaultdict(list)
    for number in dealt:
        by_label[mentions[number].label].append(number)
    for own in by_label.values():
        places = sorted(dealt[number] for number in own)
        own.sort(key=lambda number: mentions[number].index)
        dealt.update(zip(own, places, strict=True))
    return dealt


def _places(
    mention: Mention, occurrences: Mapping[str, Sequence[Place]]
) -> Sequence[Place]:
    if mention.start is not None:
        return [(mention.start, mention.start + len(mention.text))]
    return occurrences.get(mention.text.strip(), ())
