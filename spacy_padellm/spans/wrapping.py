"""Line breaks that end nothing: those of a text that was wrapped, as mails are."""

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

LINES = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")
# Characters. A shorter line ends where its writer wanted it to; so does each line of a
# paragraph whose lines are longer than anyone wraps them.
NARROWEST, WIDEST = 50, 120
LONGEST_WORD = 30
# The first word of an item of a list, a quotation or a field: "-", "2.", ">", "Date:".
ITEM = re.compile(r"[-–—*•·+#|]+|>.*|\d+[.)]|\S*:")


def wrapping_newlines(text: str) -> frozenset[int]:
    """The places of the whitespace at the ends of wrapped lines, newlines included.

    A line is wrapped if the next word would not have fit into the longest line of its
    paragraph. Paragraphs are separated by empty lines.
    """
    places: set[int] = set()
    paragraph: list[tuple[int, str]] = []
    start = 0
    for line in [*LINES.findall(text), ""]:
        if line.strip():
            paragraph.append((start, line))
        else:
            places.update(_ends_of_wrapped_lines(paragraph))
            paragraph = []
        start += len(line)
    return frozenset(places)


def unwrapped(text: str) -> str:
    """The text with spaces in place of what wraps its lines. It has the same length."""
    places = wrapping_newlines(text)
    if not places:
        return text
    return "".join(" " if at in places else char for at, char in enumerate(text))


def _ends_of_wrapped_lines(paragraph: Sequence[tuple[int, str]]) -> Iterator[int]:
    """paragraph: its lines, each with its place in the text."""
    width = max((len(line.rstrip()) for _, line in paragraph), default=0)
    if width > WIDEST:
        return
    for (start, line), (_, following) in pairwise(paragraph):
        length = len(line.rstrip())
        word = following.split(None, 1)[0]
        fits = length + 1 + len(word) <= width
        if length >= NARROWEST and not fits and len(word) <= LONGEST_WORD:
            if not ITEM.fullmatch(word):
                yield from range(start + length, start + len(line))
