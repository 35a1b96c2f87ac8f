"""Offsets in UTF-16 units, as JavaScript, Java and C# count them: an emoji is two."""


class Utf16:
    """The UTF-16 units of a text."""

    def __init__(self, text: str) -> None:
        self._at: dict[int, int] = {}
        if not text.isascii() and max(text) > "\uffff":
            units = 0
            for i, char in enumerate(text):
                self._at[units] = i
                units += 1 + (char > "\uffff")
            self._at[units] = len(text)

    def characters(self, start: int, end: int) -> tuple[int, int] | None:
        """Return the characters at these units. None if they have the same numbers, or
        if the text has no such units."""
        found = self._at.get(start), self._at.get(end)
        return None if None in found or found == (start, end) else found
