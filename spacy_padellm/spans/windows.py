"""Window getters: how a doc is cut into the texts that the model reads.

Each builder is registered under `@misc` and gives a `WindowGetter`, a function from
Doc to windows. All lengths are spaCy tokens. The kept parts of the windows tile the
doc; an empty doc has no windows. The getters can be pickled.
"""

from collections.abc import Iterator
from functools import partial

from spacy.tokens import Doc

from ..errors import Errors
from ..types import Window, WindowGetter
from .sentences import sentence_ends

# A sentence that is too long is cut after one of these, or after whitespace.
PAUSES = frozenset(",;，；、،؛")


def build_sentence_windows_v1(
    *, max_tokens: int = 96, join_tokens: int = 32
) -> WindowGetter:
    """Windows of whole sentences: neighbours together while they fit into
    `join_tokens`, and a longer one by itself (both 1 or more).

    The doc's own sentences are used where it has any, else simple rules split it. A
    sentence longer than `max_tokens` is cut, after a comma, semicolon or whitespace
    where there is one in the second half of what fits.

    ValueError: max_tokens or join_tokens is below 1.
    """
    for name, value in (("max_tokens", max_tokens), ("join_tokens", join_tokens)):
        if value < 1:
            raise ValueError(Errors.E101.format(name=name, value=value))
    return partial(sentence_windows, max_tokens=max_tokens, join_tokens=join_tokens)


def build_strided_windows_v1(*, window: int, stride: int) -> WindowGetter:
    """Windows of `window` tokens, one every `stride` tokens (1 to `window`).

    Two neighbours share `window - stride` tokens, and each keeps the half of these
    that lies on its own side: a mention at the edge of one window is read by the
    other with text on both sides of it.

    ValueError: stride is below 1 or above window.
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
    """The ends of the doc's sentences, and of the parts of those that are too long."""
    start = 0
    for end in sentence_ends(doc):
        while end - start > max_tokens:
            start = _cut(doc, start, max_tokens)
            yield start
        yield end
        start = end


def _cut(doc: Doc, start: int, max_tokens: int) -> int:
    """Where to cut a sentence of more than `max_tokens` from `start` on."""
    hard = start + max_tokens
    for i in range(hard - 1, start + max_tokens // 2 - 1, -1):
        if doc[i].is_space or doc[i].text in PAUSES:
            return i + 1
    return hard
