"""A text in the form that models read, and the way back to its characters.

That form is Unicode's composed one (NFC), with ASCII in place of full-width letters
and digits. Models are trained on such text: they hardly know `e` with a combining
accent, and may split the two, and a full-width letter is several tokens to them. A
mention takes its combining marks along. Full-width punctuation stays: it is what
Chinese is written with.
"""

import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from ..types import Place

# Full-width digits and letters, and what is read in place of each.
_FULL_WIDTH = {
    code: code - 0xFEE0
    for first, last in ("\uff10\uff19", "\uff21\uff3a", "\uff41\uff5a")
    for code in range(ord(first), ord(last) + 1)
}


@dataclass(frozen=True, slots=True)
class NormalisedText:
    """A text in the form that models read.

    own, given: where each character with its combining marks starts, in `text` and in
        the text that was given, and the ends of both. None if they are the same.
    """

    text: str
    own: Sequence[int] | None = None
    given: Sequence[int] | None = None

    def to_given(self, start: int, end: int) -> Place:
        """Characters `start` to `end` of `text` in the given text. They are extended to
        whole characters with their marks."""
        return _move(start, end, self.own, self.given)

    def from_given(self, start: int, end: int) -> Place:
        """The way back, extended likewise."""
        return _move(start, end, self.given, self.own)

    def edges(self, given: Collection[int]) -> frozenset[int]:
        """Offsets of the given text that are edges of characters with their marks, in
        `text`."""
        if self.given is None:
            return frozenset(given)
        moved = dict(zip(self.given, self.own, strict=True))
        return frozenset(moved[offset] for offset in given if offset in moved)


def normal_form(text: str) -> str:
    """The form that models read."""
    return unicodedata.normalize("NFC", text.translate(_FULL_WIDTH))


def normalise(text: str) -> NormalisedText:
    """The form that models read. Characters are grouped with the marks that follow
    them."""
    if text.isascii() or not any(map(_goes_along, text)):
        return _normalised_singly(text)
    firsts = [at for at, char in enumerate(text) if at == 0 or not _goes_along(char)]
    return _normalised(text, firsts)


def _normalised_singly(text: str) -> NormalisedText:
    """A text without marks. Some characters have another form in NFC, such as the sign
    for Angstrom."""
    if unicodedata.is_normalized("NFC", text):
        return NormalisedText(normal_form(text))
    return _normalised(text, range(len(text)))


def _normalised(text: str, firsts: Sequence[int]) -> NormalisedText:
    given = [*firsts, len(text)]
    own, parts, length = [], [], 0
    for start, end in zip(given, given[1:], strict=False):
        own.append(length)
        parts.append(normal_form(text[start:end]))
        length += len(parts[-1])
    return NormalisedText("".join(parts), (*own, length), tuple(given))


def _goes_along(char: str) -> bool:
    """Whether a character belongs to the one before it: a mark, or a vowel or final
    consonant of a decomposed Hangul syllable."""
    return unicodedata.category(char)[0] == "M" or "\u1160" <= char <= "\u11ff"


def _move(
    start: int, end: int, edges: Sequence[int] | None, others: Sequence[int] | None
) -> Place:
    if edges is None:
        return start, end
    # what begins or ends outside of the text does so at its edge
    first = bisect_right(edges, max(start, 0)) - 1
    last = bisect_left(edges, min(end, edges[-1]))
    return others[first], others[last]
