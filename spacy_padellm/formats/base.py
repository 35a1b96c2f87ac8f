"""The protocol of formats: what the model is asked, and how mentions are read."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar, Generic, Protocol, TypeVar, runtime_checkable

from ..adapters.card import HeadCard
from ..engines.base import Session
from ..errors import Errors
from ..trees.branch import Completion
from ..trees.packing import GoldSequence, GoldTree, pack_gold
from ..trees.pointers import GoldPointers
from ..types import LabelNames, Mention, PromptTokenizer

# Estimates: a label adds this many tokens to a text or more, its name and its answer;
# and a token of a long name, such as one with a description, has so many bytes.
LABEL_TOKENS = 4
TOKEN_BYTES = 3


def estimated_tokens(names: Iterable[str]) -> int:
    """About how many tokens the labels with these names add to a text."""
    lengths = (len(name.encode("utf8")) // TOKEN_BYTES for name in names)
    return sum(max(LABEL_TOKENS, length) for length in lengths)


@dataclass(frozen=True, slots=True)
class Query:
    """A text, and the labels to find, each with the name that the model reads."""

    text: str
    labels: LabelNames


class TokenisedText(Protocol):
    """A text as a format tokenises it. n_tokens: of the text alone, without prompts."""

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
    """The model's answer to one query.

    counts: the predicted number of mentions of each label.
    lengths: generated tokens of each sequence, including the end token.
    lost: the number of parts that cannot be parsed, by reason: "malformed" (no mention
        with its label), "unknown label", "cut off" (the answer is too long to end), and
        "drifted" (the answer is not the copy of the text that it should be).
    """

    mentions: tuple[Mention, ...]
    counts: Mapping[str, int]
    lengths: tuple[int, ...] = ()
    lost: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class GoldText:
    """The annotation of a text, in characters (start, end).

    spans: of each label's mentions, in text order. They may overlap.
    unknown: parts without annotation.
    cut: parts of mentions that begin or end outside of the text.
    """

    spans: Mapping[str, Sequence[tuple[int, int]]]
    unknown: Sequence[tuple[int, int]] = ()
    cut: Sequence[tuple[int, int]] = ()


@dataclass(frozen=True, slots=True)
class Calibration:
    """The setting of a format that `calibrate` chooses, a threshold.

    setting: its name. check: raises ValueError for a value that is not allowed.
    values: to try. always: tried beside those that a user names.
    by_label: whether the format's setting `thresholds` has values for single labels.
    """

    setting: str
    check: Callable[[float | None], object]
    values: Sequence[float | None]
    always: Sequence[float | None] = ()
    by_label: bool = False


@runtime_checkable  # for isinstance, by which spaCy up to 3.8.11 checks settings
class Format(Protocol):
    """Decides what the model is asked and reads its mentions; never imports torch.

    name: in the cards of adapters trained in this format, such as "PaDeLLM compact".
    head: that adapters in this format are trained with; None if answers are generated.
    prefix_lm: whether tokens of the text attend to those that follow them.
    thresholds: of single labels. calibration: None if no threshold can be chosen.
    """

    @property
    def name(self) -> str: ...

    @property
    def head(self) -> HeadCard | None: ...

    @property
    def prefix_lm(self) -> bool: ...

    @property
    def thresholds(self) -> Mapping[str, float]: ...

    @property
    def calibration(self) -> Calibration | None: ...

    def label_tokens(self, labels: LabelNames) -> int:
        """An estimate of the tokens that labels add to a text."""
        ...

    def encode(self, query: Query, tokenizer: PromptTokenizer) -> EncodedQuery:
        """Tokenise the text of a query."""
        ...

    def prepare(
        self, labels: LabelNames, tokenizer: PromptTokenizer, session: Session
    ) -> None:
        """Compute and keep what depends on the labels alone, such as breadths."""
        ...

    def extract(
        self, encoded: Sequence[EncodedQuery], session: Session
    ) -> list[Extraction]:
        """Find the mentions of each query's labels in its text.

        encoded: one query for each text of the session.
        """
        ...

    def gold_tree(
        self, query: Query, gold: GoldText, tokenizer: PromptTokenizer
    ) -> GoldTree | GoldPointers | None:
        """What a text teaches. None if it teaches nothing, as some of its annotation is
        missing."""
        ...


def as_trained(format: Format, name: str) -> Format:
    """The format for an adapter with this name of a format in its card; "" if it has
    none. Some formats leave a setting to the adapter."""
    choose = getattr(format, "as_trained", None)  # formats of one's own may lack it
    return format if choose is None else choose(name)


def check_finite(
    encoded: Sequence[EncodedQuery], completed: Sequence[Sequence[Completion]]
) -> None:
    """Raises ValueError (E511) for a text whose completions have scores that are no
    finite numbers: nothing would be found there, and nobody would know why.

    completed: the completions of each text.
    """
    for one, completions in zip(encoded, completed, strict=True):
        for completion in completions:
            if not all(map(math.isfinite, completion.logprobs)):
                raise ValueError(Errors.E511.format(begin=one.query.text[:60]))


class Generative:
    """A format whose answers are generated token by token."""

    __slots__ = ()
    head = None
    prefix_lm = False
    thresholds: ClassVar[Mapping[str, float]] = {}
    calibration: ClassVar[Calibration | None] = None

    def label_tokens(self, labels: LabelNames) -> int:
        return estimated_tokens(labels.values())

    def prepare(
        self, labels: LabelNames, tokenizer: PromptTokenizer, session: Session
    ) -> None:
        """Does nothing: no answer depends on the labels alone."""

    def gold_tree(
        self, query: Query, gold: GoldText, tokenizer: PromptTokenizer
    ) -> GoldTree | None:
        """See `Format.gold_tree`. The answer is about the text as a whole, so a text
        that is not annotated throughout teaches nothing."""
        if gold.unknown:
            return None
        return pack_gold(self.gold(query, gold.spans, tokenizer))

    def gold(
        self,
        query: Query,
        spans: Mapping[str, Sequence[tuple[int, int]]],
        tokenizer: PromptTokenizer,
    ) -> list[GoldSequence]:
        """The sequences to train on. spans: as in `GoldText`."""
        raise NotImplementedError
