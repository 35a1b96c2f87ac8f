"""Tokens that are too long to be words, such as inline images in base64.

A model needs thousands of its own tokens for one of them, and finds names in it.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from ..types import Window

if TYPE_CHECKING:
    from spacy.tokens import Doc, Token

# Characters. The longest words have about 80; addresses of web pages can have more.
LONGEST = 200


def long_tokens(doc: "Doc") -> list["Token"]:
    """The tokens with more than LONGEST characters, without whitespace tokens."""
    return [token for token in doc if len(token) > LONGEST and not token.is_space]


def without_tokens(
    windows: Sequence[Window], left_out: Sequence["Token"]
) -> list[Window]:
    """The windows without some tokens: each is split before and after them.

    Parts that keep no tokens are left out.
    """
    parts = []
    for window in windows:
        inside = [t.i for t in left_out if window.start <= t.i < window.end]
        for before, end in pairwise([window.start - 1, *inside, window.end]):
            start = before + 1
            keep_start = max(start, window.keep_start)
            keep_end = min(end, window.keep_end)
            if keep_start < keep_end:
                parts.append(Window(start, end, keep_start, keep_end))
    return parts
