"""What a format is: how labels and mentions are written as prompts, and read back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from ..engines.base import Session
from ..engines.drafts import Spelling
from ..trees.packing import GoldSequence
from ..types import LabelNames, Mention, TokenIds


@dataclass(frozen=True, slots=True)
class EncodedText:
    """A text's token ids, and the characters (start, end) of each, where known."""

    ids: TokenIds
    offsets: tuple[tuple[int, int], ...] | None


class PromptTokenizer(Protocol):
    """A tokenizer that reads every text as plain characters: `<|im_end|>` in a text
    never becomes the control token."""

    bos_id: int | None
    eos_id: int

    @property
    def spelling(self) -> Spelling | None:
        """The bytes of each token, where the tokenizer is of a kind that tells."""
        ...

    def encode(self, text: str, *, add_special_tokens: bool = True) -> EncodedText: ...

    def decode(self, ids: Sequence[int]) -> str: ...


@dataclass(frozen=True, slots=True)
class Query:
    """A text, and the labels to look for with the name the model reads for each."""

    text: str
    labels: LabelNames


@dataclass(frozen=True, slots=True)
class Extraction:
    """What was read for one query.

    counts: the count of mentions that the model gave for each label.
    lengths: tokens that were generated in each sequence, the end token included.
    lost: what could not be read, by reason: "malformed" (no mention with its label),
        "unknown label", "cut off" (the answer was too long to end), and "drifted" for
        a text that was to be copied and was not.
    """

    mentions: tuple[Mention, ...]
    counts: Mapping[str, int]
    lengths: tuple[int, ...] = ()
    lost: Mapping[str, int] = field(default_factory=dict)


class Format(Protocol):
    """Knows prompts and answers; never touches torch.

    name: what an adapter trained in this format is good for, "PaDeLLM compact" say.
    """

    @property
    def name(self) -> str: ...

    def extract(
        self,
        queries: Sequence[Query],
        session: Session,
        tokenizer: PromptTokenizer,
    ) -> list[Extraction]:
        """Find the mentions of each query's labels in its text."""
        ...

    def gold(
        self,
        query: Query,
        spans: Mapping[str, Sequence[tuple[int, int]]],
        tokenizer: PromptTokenizer,
    ) -> list[GoldSequence]:
        """The sequences to learn from: `spans` are the characters (start, end) of each
        label's mentions, in text order."""
        ...
