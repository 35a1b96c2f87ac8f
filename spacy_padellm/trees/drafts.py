"""Copying from a text: how a copy may go on, and what to propose for it.

What a model writes in named entity recognition is mostly copied from the text. So a
few tokens are proposed from there and verified in one pass: the tokens written are the
same as without, in fewer passes.
"""

from functools import cached_property
from typing import Any, Protocol

from ..types import Spelling, TokenIds


class Draft(Protocol):
    """What will probably be written, token after token. A state is where it stands.

    longest: more tokens than that are seldom right.
    """

    longest: int

    def start(self) -> Any: ...

    def advance(self, state: Any, token: int) -> Any:
        """The state behind `token`."""
        ...

    def propose(self, state: Any, n: int) -> list[TokenIds]:
        """Continuations of `n` tokens at most, the likeliest first."""
        ...


class TextDraft:
    """A text that is copied from its beginning to its end, with marks in between.

    A state is the next token of the text: marks leave it where it is.
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
    """A mention: any part of a text that begins where a word may.

    Copies are followed by their bytes, so that a mention may be written with other
    tokens than those of the text, as where it begins inside of one. Its first token may
    write a space before it, whether or not the text has one there.

    A state is the places in the text, in bytes, where the copy may go on; None before
    its first letter.
    """

    longest = 8

    def __init__(self, ids: TokenIds, spelling: Spelling) -> None:
        self.ids = ids
        self.spelling = spelling
        self.text = b"".join(spelling.of[token] for token in ids)
        self._token_at: dict[int, int] = {}
        place = 0
        for number, token in enumerate(ids):
            self._token_at[place] = number
            place += len(spelling.of[token])
        self._allowed: dict[tuple[int, bytes], tuple[int, ...]] = {}

    @cached_property
    def starts(self) -> tuple[int, ...]:
        """Where a character begins, but for spaces and the inside of words in ASCII."""
        starts = []
        before = 0x20
        for place, byte in enumerate(self.text):
            inside_character = byte & 0xC0 == 0x80
            inside_word = _is_ascii_word(byte) and _is_ascii_word(before)
            if not (byte in b" \t\r\n" or inside_character or inside_word):
                starts.append(place)
            before = byte
        return tuple(starts)

    def start(self) -> None:
        return None

    def advance(self, state: tuple[int, ...] | None, token: int) -> tuple[int, ...]:
        written = self.spelling.of[token]
        if state is None:
            state = self.starts
            if written == b" ":
                return state
            written = written.removeprefix(b" ")
        return tuple(
            place + len(written)
            for place in state
            if written and self.text.startswith(written, place)
        )

    def propose(self, state: tuple[int, ...] | None, n: int) -> list[TokenIds]:
        numbers = [self._token_at.get(place) for place in state or ()]
        ahead = [self.ids[at : at + n] for at in numbers if at is not None]
        return list(dict.fromkeys(ahead))

    def allowed(self, state: tuple[int, ...] | None) -> list[int]:
        """All tokens with which some copy goes on."""
        found: dict[int, None] = {}
        befores = (b"", b" ") if state is None else (b"",)
        for place in self.starts if state is None else state:
            for before in befores:
                found.update(dict.fromkeys(self._tokens_at(place, before)))
        return list(found)

    def _tokens_at(self, place: int, before: bytes) -> tuple[int, ...]:
        """The tokens that write `before` and then what stands at a place."""
        known = self._allowed.get((place, before))
        if known is None:
            most = min(self.spelling.longest, len(self.text) - place)
            pieces = (before + self.text[place : place + n] for n in range(most + 1))
            tokens = map(self.spelling.ids.get, pieces)
            known = tuple(token for token in tokens if token is not None)
            self._allowed[place, before] = known
        return known


def _is_ascii_word(byte: int) -> bool:
    return byte < 0x80 and chr(byte).isalnum()
