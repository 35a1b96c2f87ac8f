"""Offsets as other programs count them: an emoji is two UTF-16 units in JavaScript,
Java and C#, and a line end CR LF is one character in browsers and Python's text mode.
"""

from collections.abc import Iterator
from functools import lru_cache

UTF16 = "UTF-16 units"
CRLF = "CR LF as one character"


class Units:
    """What offsets of a text count, other than characters.

    utf16: a character above U+FFFF is two. crlf: CR LF is one.
    what: their name, for messages. same: the first offset that is another in
        characters.
    """

    def __init__(self, text: str, *, utf16: bool = False, crlf: bool = False) -> None:
        self.what = ", and ".join([UTF16] * utf16 + [CRLF] * crlf)
        self._at = dict(_places(text, utf16, crlf))
        self.same = next((u for u, at in self._at.items() if u != at), len(text))

    def characters(self, start: int, end: int) -> tuple[int, int] | None:
        """Return the characters at these units. None if they have the same numbers, or
        if the text has no such units."""
        found = self._at.get(start), self._at.get(end)
        return None if None in found or found == (start, end) else found


@lru_cache(maxsize=4)
def units_of(text: str) -> tuple[Units, ...]:
    """Return what the offsets of a text may count, other than characters."""
    wide = not text.isascii() and max(text) > "\uffff"
    crlf = "\r\n" in text
    ways = (
        [(True, False)] * wide + [(False, True)] * crlf + [(True, True)] * (wide & crlf)
    )
    return tuple(Units(text, utf16=utf16, crlf=crlf) for utf16, crlf in ways)


def _places(text: str, utf16: bool, crlf: bool) -> Iterator[tuple[int, int]]:
    """Yield each unit with its character."""
    unit = 0
    for at, char in enumerate(text):
        if crlf and char == "\n" and text[at - 1 : at] == "\r":
            continue  # a part of the unit of its CR
        yield unit, at
        unit += 1 + (utf16 and char > "\uffff")
    yield unit, len(text)
