"""Align the mentions that the model generated with the text.

PaDeLLM-NER numbers the mentions of a label in text order. A string that occurs twice is
two mentions. The k-th mention with the same text and label is therefore aligned with
the k-th occurrence of that text. If several labels have a mention with the same text,
each takes an occurrence of its own, as long as there are free ones.
"""

import re
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate, groupby
from typing import TYPE_CHECKING

from ..types import Mention, Place, PlacedMention
from .label_order import in_order_of_labels

if TYPE_CHECKING:
    from spacy.tokens import Doc, Span


@dataclass(frozen=True, slots=True)
class Alignment:
    """The result of an alignment.

    placed: the mentions in the text, in text order.
    missing: the mentions that are not in the text, in the order of the input.
    duplicates: the mentions whose occurrences all have a better label, in the order of
        the input.
    """

    placed: list[PlacedMention]
    missing: list[Mention]
    duplicates: list[Mention] = field(default_factory=list)


def boundaries(tokens: "Doc | Span") -> tuple[str, frozenset[int], frozenset[int]]:
    """Return the text of a doc or span, and the offsets where its tokens start and end.

    Offsets are characters from the beginning of that text. As in spaCy, the text of a
    span does not include the whitespace after its last token.
    """
    offset = tokens[0].idx if len(tokens) else 0
    starts = frozenset(token.idx - offset for token in tokens)
    ends = frozenset(token.idx - offset + len(token) for token in tokens)
    return tokens.text, starts, ends


def align_mentions(
    text: str,
    mentions: Sequence[Mention],
    *,
    starts: Collection[int],
    ends: Collection[int],
    exclusive: bool = False,
) -> Alignment:
    """Align the k-th mention with the same text with its k-th occurrence in `text`.

    A mention with a `start` keeps that place.

    starts, ends: the characters where spaCy tokens start and end (exclusive).
        Occurrences at token boundaries are preferred. Occurrences inside tokens are
        only used if there is no other.
    exclusive: each occurrence gets one label. Labels choose in the order of their most
        probable mention of a text. Mentions for which no occurrence is left are
        duplicates. If false, labels share occurrences when none are free.

    Longer mentions are aligned first. Shorter mentions prefer occurrences outside of
    them. In "the Bank of England, a Bank", the mention "Bank" is aligned with the last
    word if "Bank of England" is a mention too.

    Whitespace around a mention is ignored. If a mention with inner whitespace does not
    occur literally, its whitespace matches any run of whitespace. A label never gets
    the same place twice. If a label has more mentions of a text than there are
    occurrences, the remaining mentions are missing.
    """
    placed: dict[int, Place] = {}
    taken: dict[str, set[Place]] = defaultdict(set)
    # string → label → numbers of its mentions
    claims: dict[str, dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
    for number, mention in enumerate(mentions):
        if mention.start is None:
            claims[mention.text.strip()][mention.label].append(number)
        else:
            placed[number] = mention.start, mention.start + len(mention.text)
            taken[mention.label].add(placed[number])
    sorted_starts, end_set = sorted(starts), frozenset(ends)
    occurrences = {
        wanted: _occurrences(text, wanted, sorted_starts, end_set) for wanted in claims
    }
    duplicates: set[int] = set()
    for _, group in groupby(sorted(claims, key=_longest_first), key=_longest_first):
        is_nested = _is_inside(placed.values())
        # If two mentions only differ in whitespace, literal occurrences come first.
        for wanted in sorted(group, key=lambda wanted: wanted not in text):
            chosen, surplus = _choose(
                claims[wanted],
                mentions,
                occurrences[wanted],
                taken=taken,
                is_nested=is_nested,
                exclusive=exclusive,
            )
            if len(claims[wanted]) > 1 and not _are_taken(chosen.values(), taken):
                chosen = in_order_of_labels(chosen, mentions, occurrences)
            for number, place in chosen.items():
                taken[mentions[number].label].add(place)
            duplicates |= surplus
            placed.update(chosen)
    return Alignment(
        placed=sorted(
            (PlacedMention(mentions[n], *placed[n]) for n in sorted(placed)),
            key=lambda found: (found.start, found.end),
        ),
        missing=[
            mention
            for number, mention in enumerate(mentions)
            if number not in placed and number not in duplicates
        ],
        duplicates=[mentions[number] for number in sorted(duplicates)],
    )


def _choose(
    claims: Mapping[str, Sequence[int]],
    mentions: Sequence[Mention],
    occurrences: Sequence[Place],
    *,
    taken: Mapping[str, Collection[Place]],
    is_nested: Callable[[Place], bool],
    exclusive: bool,
) -> tuple[dict[int, Place], set[int]]:
    """Choose places for the mentions of all labels with one string.

    claims: label → numbers of its mentions. taken: label → places that it has already.

    Returns the place of each mention, and the mentions that are duplicates.
    """
    chosen: dict[int, Place] = {}
    surplus: set[int] = set()
    for label in _best_first(claims, mentions):
        numbers = sorted(claims[label], key=lambda number: mentions[number].index)
        others = set(chosen.values()).union(
            *(places for other, places in taken.items() if other != label)
        )
        left = [at for at in occurrences if at not in taken.get(label, ())]
        if exclusive:
            left = [
                at for at in left if at not in others and not (chosen and is_nested(at))
            ]
        left.sort(key=lambda at: (is_nested(at), at in others))
        places = sorted(left[: len(numbers)])
        if exclusive and not others.isdisjoint(occurrences):
            surplus.update(numbers[len(places) :])
        chosen.update(zip(numbers, places, strict=False))
    return chosen, surplus


def _are_taken(places: Iterable[Place], taken: Mapping[str, Collection[Place]]) -> bool:
    return any(place in own for place in places for own in taken.values())


def _longest_first(wanted: str) -> int:
    return -len(" ".join(wanted.split()))


def _best_first(
    claims: Mapping[str, Sequence[int]], mentions: Sequence[Mention]
) -> list[str]:
    """Labels by their most probable mention. In a tie, the first label comes first."""
    return sorted(
        claims, key=lambda label: -max(mentions[n].logprob for n in claims[label])
    )


def _occurrences(
    text: str, wanted: str, starts: Sequence[int], ends: frozenset[int]
) -> list[Place]:
    """Return the occurrences of `wanted` from left to right, without overlaps."""
    find = _finder(text, wanted)
    if find is None:
        return []
    on_boundaries = []
    position = 0
    while place := find(position):
        i = bisect_left(starts, place[0])
        if i < len(starts) and starts[i] == place[0] and place[1] in ends:
            on_boundaries.append(place)
            position = place[1]
        else:
            i = bisect_right(starts, place[0])
            if i == len(starts):
                break
            position = starts[i]
    if on_boundaries:
        return on_boundaries
    anywhere = []
    position = 0
    while place := find(position):
        anywhere.append(place)
        position = place[1]
    return anywhere


def _finder(text: str, wanted: str) -> Callable[[int], Place | None] | None:
    """Return a function that finds the next place of `wanted` from a position on.

    Return None if `wanted` is empty, or if it is a single word that does not occur.
    """
    if not wanted:
        return None
    if wanted in text:

        def find_exact(position: int) -> Place | None:
            start = text.find(wanted, position)
            return (start, start + len(wanted)) if start >= 0 else None

        return find_exact
    words = wanted.split()
    if len(words) == 1:
        return None
    pattern = re.compile(r"\s+".join(map(re.escape, words)))

    def find_loose(position: int) -> Place | None:
        match = pattern.search(text, position)
        return match.span() if match else None

    return find_loose


def _is_inside(places: Iterable[Place]) -> Callable[[Place], bool]:
    """Return a function that tests whether a place is inside one of `places`."""
    ordered = sorted(places)
    starts = [start for start, _ in ordered]
    # The maximum end of all places up to and including this one.
    reach = list(accumulate((end for _, end in ordered), max))

    def is_inside(place: Place) -> bool:
        earlier = bisect_right(starts, place[0])
        return earlier > 0 and reach[earlier - 1] >= place[1]

    return is_inside
