"""Align the mentions that the model generated with the text.

PaDeLLM-NER numbers the mentions of a label in text order. A string that occurs twice is
two mentions. The k-th mention with the same text and label is therefore aligned with
the k-th occurrence of that text.
"""

import re
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate, groupby
from typing import TYPE_CHECKING, TypeAlias

from ..types import Mention, PlacedMention

if TYPE_CHECKING:
    from spacy.tokens import Doc, Span

# first character and end (exclusive) in the text
Place: TypeAlias = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Alignment:
    """The result of an alignment.

    placed: the mentions in the text, in text order.
    missing: the mentions that are not in the text, in the order of the input.
    """

    placed: list[PlacedMention]
    missing: list[Mention]


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
) -> Alignment:
    """Align the k-th mention with the same text with its k-th occurrence in `text`.

    A mention with a `start` keeps that place.

    starts, ends: the characters where spaCy tokens start and end (exclusive).
        Occurrences at token boundaries are preferred. Occurrences inside tokens are
        only used if there is no other.

    Longer mentions are aligned first. Shorter mentions prefer occurrences outside of
    them. In "the Bank of England, a Bank", the mention "Bank" is aligned with the last
    word if "Bank of England" is a mention too.

    Whitespace around a mention is ignored. If a mention with inner whitespace does not
    occur literally, its whitespace matches any run of whitespace. A label never gets
    the same place twice. If a label has more mentions of a text than there are
    occurrences, the remaining mentions are missing.
    """
    placed: dict[int, PlacedMention] = {}
    taken: dict[str, set[Place]] = defaultdict(set)
    claims: dict[tuple[str, str], list[int]] = defaultdict(list)
    for number, mention in enumerate(mentions):
        if mention.start is None:
            claims[mention.label, mention.text.strip()].append(number)
        else:
            place = mention.start, mention.start + len(mention.text)
            placed[number] = PlacedMention(mention, *place)
            taken[mention.label].add(place)
    sorted_starts, end_set = sorted(starts), frozenset(ends)
    occurrences = {
        wanted: _occurrences(text, wanted, sorted_starts, end_set)
        for wanted in {wanted for _, wanted in claims}
    }

    for _, group in groupby(sorted(claims, key=_longest_first), key=_longest_first):
        is_nested = _is_inside((found.start, found.end) for found in placed.values())
        # If two mentions only differ in whitespace, literal occurrences come first.
        for label, wanted in sorted(group, key=lambda claim: claim[1] not in text):
            numbers = sorted(claims[label, wanted], key=lambda n: mentions[n].index)
            left = [at for at in occurrences[wanted] if at not in taken[label]]
            chosen = sorted(left, key=is_nested)[: len(numbers)]
            for number, (start, end) in zip(numbers, sorted(chosen), strict=False):
                placed[number] = PlacedMention(mentions[number], start, end)
            taken[label].update(chosen)
    return Alignment(
        placed=sorted(
            (placed[number] for number in sorted(placed)),
            key=lambda found: (found.start, found.end),
        ),
        missing=[m for number, m in enumerate(mentions) if number not in placed],
    )


def _longest_first(claim: tuple[str, str]) -> int:
    return -len(" ".join(claim[1].split()))


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
