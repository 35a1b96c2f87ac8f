"""Window getters, which cut a doc into the texts that the model reads.

Each builder is registered under `@misc` and returns a `WindowGetter`, a function from
Doc to windows. All lengths are spaCy tokens. The kept parts of the windows cover each
token exactly once. An empty doc has no windows. Window getters can be pickled.
"""

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from functools import partial

from spacy.tokens import Doc

from ..errors import Errors
from ..settings import check_positive
from ..types import Window, WindowGetter
from .sentences import sentence_ends

# Sentences share a window of up to this many tokens, unless the settings or the
# adapter's card have another number.
JOIN_TOKENS = 32
# Sentences that are too long are cut after one of these, or after whitespace.
PAUSES = frozenset(",;，；、،؛")
# A list has at least so many of them, and one in so many tokens.
LIST_PAUSES = 4
LIST_ITEM = 4
# Strided windows and whole docs have at most so many characters, or so many for each
# token if that is more. Words of any language have fewer; addresses and codes do not.
MOST_CHARS = 1000
TOKEN_CHARS = 12


def build_sentence_windows_v1(
    *,
    max_tokens: int = 96,
    join_tokens: int | None = None,
    list_tokens: int | None = None,
    max_chars: int = 1000,
) -> WindowGetter:
    """Windows of one or more whole sentences.

    max_tokens: longer sentences are cut. A sentence is cut after a comma, semicolon or
        whitespace if the second half of the window has one, or else beside words in
        lower case, so that no name is cut.
    join_tokens: consecutive sentences are joined up to this length. Null takes the
        length in the card of the component's adapter, or else 32.
    list_tokens: sentences that are lists, such as of names with commas, are cut into
        parts of this many tokens, and not joined. Null treats them as other sentences.
        Formats that generate find few of the mentions of a long list.
    max_chars: windows are cut before they have more characters than this, which also
        bounds the model's tokens. A longer token has a window of its own.

    If the doc has sentence boundaries, they are used. Otherwise simple rules split it.
    Raises ValueError (E502) for a number that is not a whole one from 1 on.
    """
    windows = SentenceWindows(max_tokens, join_tokens, list_tokens, max_chars)
    numbers = asdict(windows).items()
    check_positive(**{name: value for name, value in numbers if value is not None})
    return windows


def build_strided_windows_v1(*, window: int, stride: int) -> WindowGetter:
    """Windows of `window` tokens, one every `stride` tokens (1 to `window`).

    Adjacent windows share `window - stride` tokens, and each keeps the half on its own
    side. A mention at the edge of one window therefore has context on both sides in
    the other window.

    Windows of long tokens, more than 1000 characters and 12 for each of `window`
    tokens, are cut, because they have as many of the model's tokens.

    Raises ValueError if one of them is below 1 (E502), or stride above window (E231).
    """
    check_positive(window=window, stride=stride)
    if stride > window:
        raise ValueError(Errors.E231.format(window=window, stride=stride))
    return partial(strided_windows, window=window, stride=stride)


def build_whole_doc_v1() -> WindowGetter:
    """One window: the whole doc. A doc of long tokens, with more than 1000 characters
    and 12 for each token, is cut."""
    return whole_doc_windows


@dataclass(frozen=True, slots=True)
class SentenceWindows:
    """See `build_sentence_windows_v1`."""

    max_tokens: int
    join_tokens: int | None
    list_tokens: int | None
    max_chars: int

    def __call__(self, doc: Doc) -> list[Window]:
        windows = []
        start = end = 0
        may_join = True
        most = min(self.join_tokens or JOIN_TOKENS, self.max_tokens)
        for piece_end, is_part_of_list in self._piece_ends(doc):
            is_too_long = (
                piece_end - start > most
                or _n_chars(doc, start, piece_end) > self.max_chars
            )
            if start < end and (is_too_long or is_part_of_list or not may_join):
                windows.append(Window(start, end, start, end))
                start = end
            end, may_join = piece_end, not is_part_of_list
        if start < end:
            windows.append(Window(start, end, start, end))
        return windows

    def _piece_ends(self, doc: Doc) -> Iterator[tuple[int, bool]]:
        """Yield the ends of sentences, and of the parts of sentences that are too long;
        and whether it is a part of a list."""
        start = 0
        for end in sentence_ends(doc):
            is_list = self.list_tokens is not None and _is_list(doc, start, end)
            most = (
                min(self.list_tokens, self.max_tokens) if is_list else self.max_tokens
            )
            while (limit := _limit(doc, start, end, most, self.max_chars)) < end:
                start = cut(doc, start, limit)
                yield start, is_list
            yield end, is_list
            start = end


def join_tokens_of(windows: WindowGetter) -> int | None:
    """Up to how many tokens sentences share a window; None for windows that do not keep
    to sentences."""
    if not isinstance(windows, SentenceWindows):
        return None
    return min(windows.join_tokens or JOIN_TOKENS, windows.max_tokens)


def with_join_tokens(windows: WindowGetter, join_tokens: int | None) -> WindowGetter:
    """Set `join_tokens` of sentence windows that leave it open. Others stay as they
    are."""
    if isinstance(windows, SentenceWindows) and windows.join_tokens is None:
        return replace(windows, join_tokens=join_tokens)
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
    return _bounded(doc, windows, window)


def whole_doc_windows(doc: Doc) -> list[Window]:
    """See `build_whole_doc_v1`."""
    whole = [Window(0, len(doc), 0, len(doc))] if len(doc) else []
    return _bounded(doc, whole, len(doc))


def _bounded(doc: Doc, windows: list[Window], n_tokens: int) -> list[Window]:
    """Cut windows of `n_tokens` tokens that have too many characters. Parts that keep
    no tokens are left out."""
    most = max(MOST_CHARS, TOKEN_CHARS * n_tokens)
    parts = []
    for window in windows:
        start = window.start
        while start < window.end:
            end = _limit(doc, start, window.end, window.end - start, most)
            if end < window.end:
                end = cut(doc, start, end)
            keep_start = max(start, window.keep_start)
            keep_end = min(end, window.keep_end)
            if keep_start < keep_end:
                parts.append(Window(start, end, keep_start, keep_end))
            start = end
    return parts


def _is_list(doc: Doc, start: int, end: int) -> bool:
    """Whether one token in four or more is a comma or a semicolon."""
    pauses = sum(doc[i].text in PAUSES for i in range(start, end))
    return pauses >= LIST_PAUSES and pauses * LIST_ITEM >= end - start


def _n_chars(doc: Doc, start: int, end: int) -> int:
    return doc[end - 1].idx + len(doc[end - 1]) - doc[start].idx


def _limit(doc: Doc, start: int, end: int, max_tokens: int, max_chars: int) -> int:
    """The end of the longest window from `start` on, at most `end`."""
    limit = min(end, start + max_tokens)
    if _n_chars(doc, start, limit) <= max_chars:
        return limit
    fitting = range(start + 1, limit)
    n_chars = partial(_n_chars, doc, start)
    return start + max(1, bisect_right(fitting, max_chars, key=n_chars))


def cut(doc: Doc, start: int, limit: int) -> int:
    """Where to cut a sentence that is longer than from `start` to `limit`: after a
    comma or a space in the second half, or else not between words of a name."""
    for i in range(limit - 1, start + (limit - start) // 2 - 1, -1):
        if doc[i].is_space or doc[i].text in PAUSES:
            return i + 1
    # names have capital letters: do not cut between two words that may be one
    borders = range(limit, start + (limit - start) // 2, -1)
    for number_of_lower in (2, 1):
        for i in borders:
            if sum(doc[n].is_lower for n in (i - 1, i)) == number_of_lower:
                return i
    return limit
