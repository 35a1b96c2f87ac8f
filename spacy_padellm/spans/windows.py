"""Window getters, which cut a doc into the texts that the model reads.

Each builder is registered under `@misc` and returns a `WindowGetter`, a function from
Doc to windows. All lengths are spaCy tokens. The kept parts of the windows cover each
token exactly once. An empty doc has no windows. Window getters can be pickled.
"""

from collections.abc import Iterator
from functools import partial

from spacy.tokens import Doc

from ..errors import Errors
from ..types import Window, WindowGetter
from .sentences import sentence_ends

# Sentences that are too long are cut after one of these, or after whitespace.
PAUSES = frozenset(",;，；、،؛")


def build_sentence_windows_v1(
    *, max_tokens: int = 96, join_tokens: int = 32
) -> WindowGetter:
    """Windows of one or more whole sentences.

    max_tokens: longer sentences are cut. A sentence is cut after a comma, semicolon or
        whitespace if the second half of the window has one.
    join_tokens: consecutive sentences are joined up to this length.

    If the doc has sentence boundaries, they are used. Otherwise simple rules split it.
    Raises ValueError if max_tokens or join_tokens is below 1.
    """
    for name, value in (("max_tokens", max_tokens), ("join_tokens", join_tokens)):
        if value < 1:
            raise ValueError(Errors.E101.format(name=name, value=value))
    return partial(sentence_windows, max_tokens=max_tokens, join_tokens=join_tokens)


def build_strided_windows_v1(*, window: int, stride: int) -> WindowGetter:
    """Windows of `window` tokens, one every `stride` tokens (1 to `window`).

    Adjacent windows share `window - stride` tokens, and each keeps the half on its own
    side. A mention at the edge of one window therefore has context on both sides in
    the other window.

    Raises ValueError if stride is below 1 or above window.
    """
    if not 1 <= stride <= window:
        raise ValueError(Errors.E102.format(window=window, stride=stride))
    return partial(strided_windows, window=window, stride=stride)


def build_whole_doc_v1() -> WindowGetter:
    """One window: the whole doc."""
    return whole_doc_windows


def sentence_windows(doc: Doc, *, max_tokens: int, join_tokens: int) -> list[Window]:
    """See `build_sentence_windows_v1`."""
    windows = []
    start = end = 0
    for piece_end in _piece_ends(doc, max_tokens):
        if start < end and piece_end - start > min(join_tokens, max_tokens):
            windows.append(Window(start, end, start, end))
            start = end
        end = piece_end
    if start < end:
        windows.append(Window(start, end, start, end))
    return windows


def strided_windows(doc: Doc, *, window: int, stride: int) -> list[Window]:
    """See `build_strided_windows_v1`."""
    windows = []
    start = keep_start = 0
    while keep_start < len(doc):
        end = min(start + window, len(doc))
        next_start = start + stride
        keep_end = (next_start + end) // 2 if end < len(doc) else end
        windows.append(Window(start, end, keep_start, keep_end))
        start, keep_start = next_start, keep_end
    return windows


def whole_doc_windows(doc: Doc) -> list[Window]:
    """See `build_whole_doc_v1`."""
    return [Window(0, len(doc), 0, len(doc))] if len(doc) else []


def _piece_ends(doc: Doc, max_tokens: int) -> Iterator[int]:
    """Yield the ends of sentences, and of the parts of sentences that are too long."""
    start = 0
    for end in sentence_ends(doc):
        while end - start > max_tokens:
            start = _cut(doc, start, max_tokens)
            yield start
        yield end
        start = end


def _cut(doc: Doc, start: int, max_tokens: int) -> int:
    """Return where to cut a sentence that has more than `max_tokens` from `start`."""
    limit = start + max_tokens
    for i in range(limit - 1, start + max_tokens // 2 - 1, -1):
        if doc[i].is_space or doc[i].text in PAUSES:
            return i + 1
    return limit
