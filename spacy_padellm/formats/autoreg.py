"""Autoregressive NER, the paper's baseline: one sequence for all labels."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from ..engines.base import Session
from ..trees.branch import Branch
from ..trees.drafts import TextDraft
from ..trees.packing import GoldSequence
from ..types import Mention, PromptTokenizer, TokenIds
from .answers import Answer
from .base import EncodedQuery, Extraction, Generative, Query, check_finite
from .segments import TextSegments, format_name


@dataclass(frozen=True, slots=True)
class ParsedMention:
    """A mention at characters `start` to `end` of an answer.

    text_start: its first character in the text, if the answer determines it.
    """

    name: str
    text: str
    start: int
    end: int
    text_start: int | None = None


@dataclass(slots=True)
class ParsedAnswer:
    """The mentions of an answer in order, and the number of lost ones by reason."""

    mentions: list[ParsedMention] = field(default_factory=list)
    lost: Counter[str] = field(default_factory=Counter)


class Notation(Protocol):
    """How one sequence lists mentions and their labels."""

    name: str
    copies_text: bool  # the answer copies the whole text

    def write(
        self, text: TextSegments, mentions: Sequence[tuple[int, int, str]]
    ) -> TokenIds:
        """The answer for mentions (start, end, name) in text order; no end token."""
        ...

    def parse(
        self, answer: str, text: str, names: Sequence[str], is_whole: bool
    ) -> ParsedAnswer:
        """The mentions in an answer, which may be malformed.

        is_whole: the model ended the answer; otherwise its last words are cut off.
        """
        ...


@dataclass(frozen=True, slots=True)
class AutoReg(Generative):
    """One branch for each text: `{text}\\n{names}:` is answered in a notation.

    max_new_tokens: the most tokens in an answer; short texts have a lower limit.
    """

    notation: Notation
    max_new_tokens: int
    prefix_lm: bool = False

    @property
    def name(self) -> str:
        name = f"AutoReg {self.notation.name}"
        return format_name(name, prefix_lm=self.prefix_lm)

    def encode(
        self, query: Query, tokenizer: PromptTokenizer
    ) -> EncodedQuery[TextSegments]:
        text = TextSegments(query.text, tokenizer, prefix_lm=self.prefix_lm)
        return EncodedQuery(query, text)

    def extract(
        self, encoded: Sequence[EncodedQuery[TextSegments]], session: Session
    ) -> list[Extraction]:
        completions = session.complete([[self._branch(one)] for one in encoded])
        check_finite(encoded, completions)
        return [
            self._extraction(one.query, Answer(completion, one.text.tokenizer))
            for one, (completion,) in zip(encoded, completions, strict=True)
        ]

    def gold(
        self,
        query: Query,
        spans: Mapping[str, Sequence[tuple[int, int]]],
        tokenizer: PromptTokenizer,
    ) -> list[GoldSequence]:
        text = self.encode(query, tokenizer).text
        mentions = sorted(
            (
                (start, end, query.labels[label])
                for label in spans
                for start, end in spans[label]
            ),
            key=lambda mention: (mention[0], -mention[1]),
        )
        answer = self.notation.write(text, mentions) + (tokenizer.eos_id,)
        prompt = _prompt(text, query)
        weights = (1.0,) * len(answer)
        return [GoldSequence(prompt, answer, weights, text.prefix)]

    def _branch(self, encoded: EncodedQuery[TextSegments]) -> Branch:
        text = encoded.text
        names = (len(text.segment(name)) for name in encoded.query.labels.values())
        # if each token is a mention: itself, its label, and the signs around them
        longest = text.n_tokens * (max(names, default=1) + 5) + 32
        return Branch(
            _prompt(text, encoded.query),
            max_new_tokens=min(self.max_new_tokens, longest),
            stop_ids=frozenset((text.tokenizer.eos_id,)),
            draft=TextDraft(text.encoded.ids) if self.notation.copies_text else None,
            prefix=text.prefix,
        )

    def _extraction(self, query: Query, answer: Answer) -> Extraction:
        labels = {name: label for label, name in query.labels.items()}
        parsed = self.notation.parse(
            answer.text, query.text, tuple(labels), answer.stopped
        )
        counts = dict.fromkeys(query.labels, 0)
        mentions = []
        for mention in parsed.mentions:
            label = labels[mention.name]
            counts[label] += 1
            mentions.append(
                Mention(
                    label,
                    mention.text,
                    counts[label],
                    answer.logprob(mention.start, mention.end),
                    start=mention.text_start,
                )
            )
        lost = parsed.lost + Counter({"cut off": not answer.stopped})
        return Extraction(tuple(mentions), counts, (answer.length,), lost)


def _prompt(text: TextSegments, query: Query) -> TokenIds:
    return text.prompt + text.segment(", ".join(query.labels.values()) + ":")
