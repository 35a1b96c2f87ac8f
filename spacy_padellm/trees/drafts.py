"""Drafts for speculative decoding that copy from the text.

In named entity recognition, models mostly copy from the text. A draft proposes tokens
of the text, and the model verifies them in one pass. The output stays the same.
"""

from collections.abc import Iterable
from typing import Any, Protocol

from ..locks import cached_property
from ..types import Spelling, TokenIds


class Draft(Protocol):
    """Proposes the next tokens. A state is the draft's position.

    longest: the most tokens worth drafting at once.
    """

    longest: int

    def start(self) -> Any: ...

    def advance(self, state: Any, token: int) -> Any:
        """The state after `token`."""
        ...

    def propose(self, state: Any, n: int) -> list[TokenIds]:
        """Continuations of at most `n` tokens, the likeliest first."""
        ...


class TextDraft:
    """Copies a text from start to end. The answer may have marks in between.

    A state is the index of the text's next token; marks do not change it.
    """

    longest = 16

    def __init__(self, ids: TokenIds) -> None:
        self.ids = ids

    def start(self) -> int:
        return 0

    def advance(self, state: int, token: int) -> int:
        is_copy = state < len(self.ids) and self.ids[state] == token
        return state + is_copy

    def propose(self, state: int, n: int) -> list[TokenIds]:
        ahead = self.ids[state : state + n]
        return [ahead] if ahead else []


class MentionDraft:
    """Copies a mention: any part of a text that starts where a word may start.

    Copies are compared by bytes, because a mention's tokens may differ from the text's
    tokens, for example if it starts inside of one. The first token may start with a
    space, whether or not the text has one there.

    A state is the byte offsets in the text where the copy may continue; None before
    the first letter.
    """

    longest = 8

    def __init__(self, ids: TokenIds, spelling: Spelling) -> None:
        self.ids = ids
        self.spelling = spelling
        self.text = b"".join(spelling.of[token] for token in ids)
        self._token_at: dict[int, int] = {}
        offset = 0
        for number, token in enumerate(ids):
            self._token_at[offset] = number
            offset += len(spelling.of[token])
        self._allowed: dict[tuple[int, bytes], tuple[int, ...]] = {}

    @cached_property
    def starts(self) -> tuple[int, ...]:
        """Where characters start, except spaces and the inside of ASCII words."""
        starts = []
        before = 0x20
        for offset, byte in enumerate(self.text):
            inside_character = byte & 0xC0 == 0x80
            inside_word = _is_ascii_word(byte) and _is_ascii_word(before)
            if not (byte in b" \t\r\n" or inside_character or inside_word):
                starts.append(offset)
            before = byte
        return tuple(starts)

    def occurrences(self, string: str) -> list[tuple[int, int]]:
        """Where a mention may be this string, in bytes, without overlaps."""
        spelled, found = string.encode("utf8"), []
        for start in self.starts if spelled else ():
            if self.text.startswith(spelled, start) and (
                not found or start >= found[-1][1]
            ):
                found.append((start, start + len(spelled)))
        return found

    def without(self, taken: Iterable[tuple[int, int]]) -> "MentionDraft":
        """The draft of mentions that do not start inside of these bytes."""
        closed = {offset for start, end in taken for offset in range(start, end)}
        other = MentionDraft(self.ids, self.spelling)
        other.starts = tuple(start for start in self.starts if start not in closed)
        return other

    def start(self) -> None:
        return None

    def advance(self, state: tuple[int, ...] | None, token: int) -> tuple[int, ...]:
        spelled = self.spelling.of[token]
        if state is None:
            state = self.starts
            if spelled == b" ":
                return state
            spelled = spelled.removeprefix(b" ")
        return tuple(
            offset + len(spelled)
            for offset in state
            if spelled and self.text.startswith(spelled, offset)
        )

    def propose(self, state: tuple[int, ...] | None, n: int) -> list[TokenIds]:
        numbers = [self._token_at.get(offset) for offset in state or ()]
        ahead = [self.ids[at : at + n] for at in numbers if at is not None]
        return list(dict.fromkeys(ahead))

    def allowed(self, state: tuple[int, ...] | None) -> list[int]:
        """All tokens that continue a copy."""
        found: dict[int, None] = {}
        befores = (b"", b" ") if state is None else (b"",)
        for offset in self.starts if state is None else state:
            for before in befores:
                found.update(dict.fromkeys(self._tokens_at(offset, before)))
        return list(found)

    def ahead(self, state: tuple[int, ...] | None, most: int) -> list[int]:
        """The tokens that continue a copy, and then those that may continue it later,
        the nearest first: up to `most` in all, or all that `allowed` has."""
        found = dict.fromkeys(self.allowed(state))
        offsets = self.starts if state is None else state
        for distance in range(1, len(self.text) - min(offsets, default=0)):
            for offset in offsets:
                later = self._tokens_at(offset + distance, b"")
                found.update(dict.fromkeys(later[: max(0, most - len(found))]))
            if len(found) >= most:
                break
        return list(found)

    def _tokens_at(self, offset: int, before: bytes) -> tuple[int, ...]:
        """The tokens that spell `before` and then the text from `offset` on."""
        known = self._allowed.get((offset, before))
        if known is None:
            most = min(self.spelling.longest, len(self.text) - offset)
            pieces = (before + self.text[offset : offset + n] for n in range(most + 1))
            tokens = map(self.spelling.ids.get, pieces)
            known = tuple(token for token in tokens if token is not None)
            self._allowed[offset, before] = known
        return known


def _is_ascii_word(byte: int) -> bool:
    return byte < 0x80 and chr(byte).isalnum()
