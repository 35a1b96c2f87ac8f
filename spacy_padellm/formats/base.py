"""What a format is: how labels are asked for as prompts, and answers are read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

from ..engines.base import Session
from ..trees.packing import GoldSequence
from ..types import LabelNames, Mention, PromptTokenizer


@dataclass(frozen=True, slots=True)
class Query:
    """A text, and the labels to look for with the name that the model reads for each."""

    text: str
    labels: LabelNames


class TokenisedText(Protocol):
    """What a format makes of a text, in order to write prompts about it.

    n_tokens: of the text alone.
    """

    n_tokens: int


Text = TypeVar("Text", bound=TokenisedText)


@dataclass(frozen=True, slots=True)
class EncodedQuery(Generic[Text]):
    """A query whose text is tokenised."""

    query: Query
    text: Text

    @property
    def n_tokens(self) -> int:
        """Tokens of the text alone."""
        return self.text.n_tokens


@dataclass(frozen=True, slots=True)
class Extraction:
    """What the model answered to one query.

    counts: how many mentions the model said that each label has.
    lengths: tokens generated in each sequence, the end token included.
    lost: how often a part of the answer could not be read, by reason: "malformed" (no
        mention with its label), "unknown label", "cut off" (the answer was too long to
        end), and "drifted" for a text that was to be copied and was not.
    """

    mentions: tuple[Mention, ...]
    counts: Mapping[str, int]
    lengths: tuple[int, ...] = ()
    lost: Mapping[str, int] = field(default_factory=dict)


class Format(Protocol):
    """Knows prompts and answers; never touches torch.

    name: what an adapter trained in this format says that it was trained in, such as
        "PaDeLLM compact".
    """

    @property
    def name(self) -> str: ...

    def encode(self, query: Query, tokenizer: PromptTokenizer) -> EncodedQuery:
        """Tokenise a query's text, once."""
        ...

    def extract(
        self, encoded: Sequence[EncodedQuery], session: Session
    ) -> list[Extraction]:
        """Find the mentions of each query's labels in its text.

        encoded: what `encode` gave, one for each text of the session.
        """
        ...

    def gold(
        self,
        query: Query,
        spans: Mapping[str, Sequence[tuple[int, int]]],
        tokenizer: PromptTokenizer,
    ) -> list[GoldSequence]:
        """The sequences to learn from.

        spans: the characters (start, end) of each label's mentions, in text order.
        """
        ...
