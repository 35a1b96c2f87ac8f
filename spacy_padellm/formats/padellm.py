"""PaDeLLM: for each label the count of mentions, then every mention at once.

Lu et al., PaDeLLM-NER, NeurIPS 2024 (arXiv 2402.04838).
"""

import math
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ..engines.base import Branch, Completion, Session
from ..errors import Errors
from ..settings import check_not_negative, check_positive, check_share
from ..trees.packing import GoldSequence
from ..types import Mention, TokenIds
from .base import Extraction, PromptTokenizer, Query
from .segments import AS_IT_IS, TextReading, digit_id
from .templates import (
    GoldMention,
    LossWeights,
    Template,
    TextPrompts,
    get_template,
)

# Mentions of up to so many are asked for together with the count, where that is free.
LIKELY_COUNTS = 2


def build_padellm_v1(
    *,
    template: str = "compact",
    max_count: int = 64,
    max_mention_tokens: int = 48,
    only_in_text: bool = True,
    prefix_lm: bool | None = None,
    text_twice: bool = False,
    count_threshold: float | None = None,
    count_weight: float = 1.0,
    index_weight: float = 1.0,
    absent_labels: float = 1.0,
) -> "PaDeLLM":
    """The PaDeLLM format.

    template: "compact", "padellm.en" or "padellm.zh".
    max_count: at most so many mentions of one label in one window of text; the count
        is also capped by the window's tokens.
    max_mention_tokens: at most so many model tokens in a mention.
    only_in_text: write no mention that is not in the text. The model then chooses among
        the tokens with which a part of the text goes on, and the end.
    prefix_lm, text_twice: see `TextReading`; for the template "compact", of which the
        first is a part unless it is false.
    count_threshold: take the largest count i with P(count >= i) of this or more, in
        place of the likeliest count; lower finds more mentions. For counts up to 9.
    count_weight, index_weight: in training, see `LossWeights`.
    absent_labels: share of the labels that a text has no mention of to learn from,
        drawn for each text.

    ValueError: a value out of range, or a template that knows no such reading.
    """
    check_positive(max_count=max_count, max_mention_tokens=max_mention_tokens)
    check_count_threshold(count_threshold)
    check_not_negative(count_weight=count_weight, index_weight=index_weight)
    check_share(absent_labels=absent_labels)
    if prefix_lm is None:
        prefix_lm = template == "compact"
    reading = TextReading(prefix_lm, text_twice)
    if template != "compact" and reading != AS_IT_IS:
        raise ValueError(Errors.E506.format(name=template))
    return PaDeLLM(
        get_template(template),
        max_count,
        max_mention_tokens,
        only_in_text,
        reading,
        count_threshold,
        LossWeights(count_weight, index_weight),
        absent_labels,
    )


def check_count_threshold(value: float | None) -> None:
    """ValueError (E507) for what is neither None nor between 0 and 1."""
    if value is not None and not 0 < value < 1:
        raise ValueError(Errors.E507.format(value=value))


@dataclass(frozen=True, slots=True)
class PaDeLLM:
    """Two rounds: counts, then mentions. See `build_padellm_v1`."""

    template: Template
    max_count: int
    max_mention_tokens: int
    only_in_text: bool = True
    reading: TextReading = AS_IT_IS
    count_threshold: float | None = None
    loss: LossWeights = LossWeights()
    absent_labels: float = 1.0

    @property
    def name(self) -> str:
        return self.reading.name(f"PaDeLLM {self.template.name}")

    def extract(
        self,
        queries: Sequence[Query],
        session: Session,
        tokenizer: PromptTokenizer,
    ) -> list[Extraction]:
        digits = tuple(digit_id(digit, tokenizer) for digit in "0123456789")
        readings: list[list[_Reading]] = []
        for query in queries:
            text = self.template.prompts(query.text, tokenizer, self.reading)
            cap = min(self.max_count, text.n_tokens)
            readings.append(
                [
                    _Reading(
                        label, name, text, text.count(name), cap, self.count_threshold
                    )
                    for label, name in query.labels.items()
                ]
            )
        # The first pass asks for the counts' first digits alone. From then on, the
        # mentions are asked for together with the count's next digit: nearly always
        # there is none, and no pass was spent on learning that.
        while any(reading.open for row in readings for reading in row):
            opened = [[reading for reading in row if reading.open] for row in readings]
            asked = [
                [self._branches(reading, digits, tokenizer) for reading in row]
                for row in opened
            ]
            completed = session.complete(
                [[branch for group in groups for branch in group] for groups in asked]
            )
            for row, groups, completions in zip(opened, asked, completed, strict=True):
                answers = iter(completions)
                for reading, group in zip(row, groups, strict=True):
                    reading.read([next(answers) for _ in group], digits)
        return [
            Extraction(
                mentions=tuple(m for reading in row for m in reading.mentions()),
                counts={reading.label: reading.count for reading in row},
                lengths=tuple(n for reading in row for n in reading.lengths()),
            )
            for row in readings
        ]

    def gold(
        self,
        query: Query,
        spans: Mapping[str, Sequence[tuple[int, int]]],
        tokenizer: PromptTokenizer,
    ) -> list[GoldSequence]:
        prompts = self.template.prompts(query.text, tokenizer, self.reading)
        zero = (digit_id("0", tokenizer), tokenizer.eos_id)
        weights = (self.loss.count,) * len(zero)
        # the same draw each time that a text is learned from, in every process
        drawn = random.Random(query.text)
        sequences = []
        for label, name in query.labels.items():
            places = spans.get(label, ())
            if not places and drawn.random() < self.absent_labels:
                prompt = prompts.count(name)
                sequences.append(GoldSequence(prompt, zero, weights, prompts.prefix))
            for index, place in enumerate(places, start=1):
                mention = GoldMention(len(places), index, *place)
                sequences.append(prompts.gold(name, mention, self.loss))
        return sequences

    def _branches(
        self,
        reading: "_Reading",
        digits: TokenIds,
        tokenizer: PromptTokenizer,
    ) -> list[Branch]:
        """The count's next digit, then each mention of the count so far."""
        next_digit = Branch(
            reading.prompt + reading.count_ids,
            max_new_tokens=1,
            candidates=digits,
            prefix=reading.text.prefix,
            ahead=() if reading.count_ids else reading.ahead(digits),
        )
        draft = reading.text.draft if reading.count else None
        mentions = [
            Branch(
                reading.text.mention(reading.name, reading.count, index),
                max_new_tokens=min(self.max_mention_tokens, reading.text.n_tokens + 1),
                stop_ids=frozenset((tokenizer.eos_id,)),
                stop_strings=self.template.stop_strings,
                draft=draft,
                only_draft=self.only_in_text and draft is not None,
                prefix=reading.text.prefix,
            )
            for index in range(1, reading.count + 1)
        ]
        return [next_digit, *mentions]


@dataclass(slots=True)
class _Reading:
    """One label of one text, while its count and mentions are being read.

    prompt: the count prompt; count_ids, digits: what the model wrote after it so far.
    at_least: log P(count >= i) at place i, from the first digit's probabilities.
    """

    label: str
    name: str
    text: TextPrompts
    prompt: TokenIds
    cap: int
    count_threshold: float | None = None
    count_ids: TokenIds = ()
    digits: str = ""
    count_logprob: float = 0.0
    at_least: list[float] = field(default_factory=list)
    completions: list[Completion] = field(default_factory=list)
    open: bool = True

    @property
    def count(self) -> int:
        return min(int(self.digits), self.cap) if self.digits else 0

    def read(self, completions: Sequence[Completion], digits: TokenIds) -> None:
        """Take the answers to the branches; digits: the tokens of 0 to 9."""
        next_digit, *self.completions = completions
        written = next_digit.text.strip()
        ids, logprob = next_digit.ids, next_digit.logprob
        is_number = written.isascii() and written.isdigit()
        if not is_number or self.count == self.cap:
            self.open = False
            return
        if not self.count_ids:
            self.at_least = _at_least(next_digit.candidates)
            if self.count_threshold is not None:
                least = math.log(self.count_threshold)
                count = sum(value >= least for value in self.at_least[1:])
                written, ids = str(count), (digits[count],)
                logprob = next_digit.candidates[count]
        self.digits += written
        self.count_ids += ids
        self.count_logprob += logprob
        self.open = self.count > 0

    def ahead(self, digits: TokenIds) -> tuple[tuple[TokenIds, ...], ...]:
        """What will be asked if the count is 1, 2, ..."""
        groups = []
        for count in range(1, min(self.cap, LIKELY_COUNTS) + 1):
            prompts = [
                self.prompt + (digits[count],),
                *(
                    self.text.mention(self.name, count, index)
                    for index in range(1, count + 1)
                ),
            ]
            begun = len(self.prompt)
            groups.append(tuple(ids for ids in prompts if ids[:begun] == self.prompt))
        return tuple(groups)

    def lengths(self) -> list[int]:
        """Of each sequence: the count's digits, and the mention up to its end."""
        n_digits = max(1, len(self.count_ids))
        mentions = [len(completion.logprobs) for completion in self.completions]
        return [n_digits + n_tokens for n_tokens in mentions] or [n_digits]

    def mentions(self) -> list[Mention]:
        one_digit = len(self.digits) == 1
        return [
            Mention(
                label=self.label,
                text=completion.text.strip(),
                index=index,
                logprob=completion.logprob,
                count_logprob=self.at_least[index] if one_digit else self.count_logprob,
            )
            for index, completion in enumerate(self.completions, start=1)
        ]


def _at_least(digit_logprobs: Sequence[float]) -> list[float]:
    """log P(count >= i) for i in 0..9, counts of several digits left aside."""
    tail = 0.0
    at_least = []
    for logprob in reversed(digit_logprobs):
        tail += math.exp(logprob)
        at_least.append(math.log(tail) if tail > 0 else -math.inf)
    return at_least[::-1]
