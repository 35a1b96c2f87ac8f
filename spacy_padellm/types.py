"""Data classes and protocols that several subpackages share."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeAlias

if TYPE_CHECKING:
    from spacy.tokens import Doc

TokenIds: TypeAlias = tuple[int, ...]
# label → name of the label in the prompt, e.g. {"PER": "person"}
LabelNames: TypeAlias = dict[str, str]
# first character and end (exclusive) in a text
Place: TypeAlias = tuple[int, int]


def probability(logprob: float) -> float:
    """Convert a log-probability to a probability, 0 to 1. NaN becomes 0."""
    return 0.0 if math.isnan(logprob) else math.exp(min(0.0, logprob))


@dataclass(frozen=True, slots=True)
class Spelling:
    """Maps token ids to the bytes that they decode to, and back.

    of: token id → bytes. Control tokens have no bytes.
    ids: bytes → token id.
    longest: the length of the longest token, in bytes.
    """

    of: Sequence[bytes]
    ids: Mapping[bytes, int]
    longest: int


@dataclass(frozen=True, slots=True)
class EncodedText:
    """The token ids of a text.

    offsets: the characters (start, end) of each token. None if they are unknown.
    """

    ids: TokenIds
    offsets: tuple[tuple[int, int], ...] | None


class PromptTokenizer(Protocol):
    """A tokenizer that treats every text as plain characters. It never turns
    `<|im_end|>` in a text into the control token."""

    bos_id: int | None
    eos_id: int

    @property
    def spelling(self) -> Spelling | None:
        """The bytes of each token. None if the tokenizer does not provide them."""
        ...

    def encode(self, text: str, *, add_special_tokens: bool = True) -> EncodedText: ...

    def decode(self, ids: Sequence[int]) -> str: ...


@dataclass(frozen=True, slots=True)
class Window:
    """A slice of a doc that the model reads as one text.

    start, end: the first token and the end (exclusive).
    keep_start, keep_end: mentions whose first token is in this part are taken from
        this window. The kept parts of a doc's windows cover each token exactly once.
    """

    start: int
    end: int
    keep_start: int
    keep_end: int


WindowGetter: TypeAlias = Callable[["Doc"], Sequence[Window]]


@dataclass(frozen=True, slots=True)
class Mention:
    """A mention as a format read it from the model, not yet aligned with the text.

    index: the number of the mention within its label, from 1, in text order.
    logprob: log-probability of the mention's tokens, including the end token; in
        Pointer, the log of the score that `find_spans` gives.
    count_logprob: log-probability that the label has at least `index` mentions; 0 in
        formats that do not count.
    start: the first character in the text. None if the format does not provide it.
    weight: multiplies the score where overlapping mentions compete.
    instead_of: the string that the model wrote first, but which other mentions of the
        label used up. Empty if `text` is its first choice.
    """

    label: str
    text: str
    index: int
    logprob: float
    count_logprob: float = 0.0
    start: int | None = None
    weight: float = 1.0
    instead_of: str = ""

    @property
    def score(self) -> float:
        """exp(logprob + count_logprob), 0 to 1. It is 0 if either is NaN."""
        return probability(self.logprob + self.count_logprob)


@dataclass(frozen=True, slots=True)
class PlacedMention:
    """A mention at the characters `start` to `end` (exclusive) of the text."""

    mention: Mention
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class LabelledSpan:
    """A label for the spaCy tokens `start` to `end` (exclusive). score: 0 to 1.
    weight: multiplies the score where overlapping spans compete."""

    start: int
    end: int
    label: str
    score: float = 1.0
    weight: float = 1.0

    @property
    def rank(self) -> float:
        """If spans overlap, the one with the highest rank is kept."""
        return self.weight * self.score
