"""The plain data that travels between the rooms of the package."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from spacy.tokens import Doc

TokenIds: TypeAlias = tuple[int, ...]
# label → the plain-language name that the model reads, e.g. {"PER": "person"}
LabelNames: TypeAlias = dict[str, str]


def probability(logprob: float) -> float:
    """Of a log-probability, 0 to 1; 0 where it is no number."""
    return 0.0 if math.isnan(logprob) else math.exp(min(0.0, logprob))


@dataclass(frozen=True, slots=True)
class Window:
    """A run of whole spaCy tokens that is read as one text.

    start, end: the tokens read, end exclusive.
    keep_start, keep_end: the window answers for the mentions whose first token lies
        here. The kept parts of a doc's windows tile it: no gap, no overlap.
    """

    start: int
    end: int
    keep_start: int
    keep_end: int


WindowGetter: TypeAlias = Callable[["Doc"], Sequence[Window]]


@dataclass(frozen=True, slots=True)
class Mention:
    """One mention as the model wrote it, not yet aligned with the text.

    index: its number among the mentions of its label, from 1, in text order.
    logprob: log-probability of the mention's tokens, its end included.
    count_logprob: log-probability that the label has at least `index` mentions.
    start: its first character in the text, where the model wrote it in place.
    """

    label: str
    text: str
    index: int
    logprob: float
    count_logprob: float = 0.0
    start: int | None = None

    @property
    def score(self) -> float:
        """P(count >= index) x P(mention), 0 to 1; 0 where the model gave no number."""
        return probability(self.logprob + self.count_logprob)


@dataclass(frozen=True, slots=True)
class PlacedMention:
    """A mention found in the text, at characters `start` to `end` (exclusive)."""

    mention: Mention
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class LabelledSpan:
    """A label on spaCy tokens `start` to `end` (exclusive), with its score, 0 to 1."""

    start: int
    end: int
    label: str
    score: float = 1.0
