"""Second choices: another string for a mention that repeats one of which the text has
no further occurrence.

All mentions of a label are written at the same time, so two may be the same string. If
the text has it once, one of them is wrong, and a list of names would be cut short.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from ..trees.drafts import MentionDraft


@dataclass(frozen=True, slots=True)
class Repeats:
    """numbers: of the mentions to write again, from 0. draft: of the text without the
    occurrences that other mentions have."""

    numbers: tuple[int, ...]
    draft: MentionDraft


def find_repeats(
    strings: Sequence[str], logprobs: Sequence[float], draft: MentionDraft
) -> Repeats | None:
    """The mentions of one label that have no occurrence left. None if there are none.

    The most probable mentions of a string keep its occurrences.
    """
    claims: dict[str, list[int]] = defaultdict(list)
    for number, string in enumerate(strings):
        claims[string].append(number)
    surplus: list[int] = []
    taken: list[tuple[int, int]] = []
    for string, numbers in claims.items():
        places = draft.occurrences(string)
        if places and len(numbers) >= len(places):
            taken += places
            numbers.sort(key=lambda number: -logprobs[number])
            surplus += numbers[len(places) :]
    if not surplus:
        return None
    return Repeats(tuple(sorted(surplus)), draft.without(taken))
