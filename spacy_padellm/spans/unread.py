"""Parts of a doc that are no words, such as inline images in base64.

A model needs thousands of its own tokens for one of them, and finds names in it.
"""

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from ..types import Window

if TYPE_CHECKING:
    from spacy.tokens import Doc

# Characters. The longest words have about 80; addresses of web pages can have more.
LONGEST = 200
# Base64 and its like. Tokenizers split it at + and /, and mails break it into lines, of
# which the last may be short.
ENCODED = re.compile(
    r"[A-Za-z0-9+/_-]{50,}={0,2}(?:\s{1,2}[A-Za-z0-9+/_-]{50,}={0,2})*"
    r"(?P<last>\s{1,2}(?:[A-Za-z0-9+/_-]{20,}={0,2}|[A-Za-z0-9+/_-]+={1,2})(?!\S))?"
)
# Shares of its characters: of random base64, 16% are digits and 97% letters or digits.
# Names that are joined by such signs have fewer, and are read.
FEWEST_DIGITS, FEWEST_ALPHANUMERIC = 0.05, 0.9


def unread_parts(doc: "Doc") -> list[range]:
    """The tokens of each part that is not read, in text order. They do not overlap.

    Such a part is a token with more than LONGEST characters, or so many characters of
    encoded data with all of the tokens that hold them. Whitespace tokens are read.
    """
    parts: list[range] = []
    encoded = _encoded(doc)
    long = (range(token.i, token.i + 1) for token in doc if len(token) > LONGEST)
    words = (part for part in long if not doc[part.start].is_space)
    for part in sorted([*encoded, *words], key=lambda part: (part.start, -part.stop)):
        if parts and part.start < parts[-1].stop:
            parts[-1] = range(parts[-1].start, max(part.stop, parts[-1].stop))
        else:
            parts.append(part)
    return parts


def _encoded(doc: "Doc") -> list[range]:
    spans = (
        doc.char_span(match.start(), _end(match), alignment_mode="expand")
        for match in ENCODED.finditer(doc.text)
        if _is_data(match.group())
    )
    return [range(span.start, span.end) for span in spans]


def _end(match: re.Match[str]) -> int:
    """Without the last line, if that may be a word, such as a name with hyphens: data
    are whole groups of four characters, which are padded or nearly always have a
    digit."""
    last = (match["last"] or "").strip()
    is_padded = last.endswith("=")
    if len(last) % 4 == 0 and (is_padded or any(map(str.isdigit, last))) or not last:
        return match.end()
    return match.start("last")


def _is_data(text: str) -> bool:
    characters = "".join(text.split())
    n_digits = sum(map(str.isdigit, characters))
    n_alphanumeric = sum(map(str.isalnum, characters))
    return (
        len(text) > LONGEST
        and n_digits > FEWEST_DIGITS * len(characters)
        and n_alphanumeric > FEWEST_ALPHANUMERIC * len(characters)
    )


def without_parts(windows: Sequence[Window], unread: Sequence[range]) -> list[Window]:
    """The windows without some parts: each is split before and after them.

    unread: in order. Windows that keep no tokens are left out.
    """
    parts = []
    for window in windows:
        inside = [
            part
            for part in unread
            if part.start < window.end and window.start < part.stop
        ]
        bounds = [range(window.start, window.start), *inside]
        bounds.append(range(window.end, window.end))
        for before, after in pairwise(bounds):
            keep_start = max(before.stop, window.keep_start)
            keep_end = min(after.start, window.keep_end)
            if keep_start < keep_end:
                parts.append(Window(before.stop, after.start, keep_start, keep_end))
    return parts
