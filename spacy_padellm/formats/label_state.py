"""What PaDeLLM knows of one label of one text, while it is generated."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from ..trees.branch import Completion
from ..types import Mention, TokenIds
from .second_choice import Repeats, find_repeats
from .templates import TextPrompts

# Mentions of counts up to this are prefetched with the count, if that is free.
LIKELY_COUNTS = 2


@dataclass(slots=True)
class LabelState:
    """One label of one text, while its count and mentions are generated.

    prompt: of the count. count_ids, digits: the count's tokens and digits so far.
    at_least: log P(count >= i) at index i, from the first digit's probabilities.
    first_choices: number of a mention that was written again, from 0 → what it was.
    refused: numbers of mentions without a likely second choice.
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
    first_choices: dict[int, str] = field(default_factory=dict)
    refused: set[int] = field(default_factory=set)
    open: bool = True

    @property
    def count(self) -> int:
        return min(int(self.digits), self.cap) if self.digits else 0

    def accept(self, completions: Sequence[Completion], digits: TokenIds) -> None:
        """Accept the completions of the branches; digits: the tokens of 0 to 9."""
        next_digit, *self.completions = completions
        digit = next_digit.text.strip()
        ids, logprob = next_digit.ids, next_digit.logprob
        is_number = digit.isascii() and digit.isdigit()
        if not is_number or self.count == self.cap:
            self.open = False
            return
        if not self.count_ids:
            self.at_least = _at_least(next_digit.candidates)
            if self.count_threshold is not None:
                least = math.log(self.count_threshold)
                count = sum(value >= least for value in self.at_least[1:])
                digit, ids = str(count), (digits[count],)
                logprob = next_digit.candidates[count]
        self.digits += digit
        self.count_ids += ids
        self.count_logprob += logprob
        self.open = self.count > 0

    def prefetch(self, digits: TokenIds) -> tuple[tuple[TokenIds, ...], ...]:
        """The next prompts if the count is 1, 2, ..."""
        groups = []
        for count in range(1, min(self.cap, LIKELY_COUNTS) + 1):
            prompts = [
                self.prompt + (digits[count],),
                *(
                    self.text.mention(self.name, count, index)
                    for index in range(1, count + 1)
                ),
            ]
            start = len(self.prompt)
            groups.append(tuple(ids for ids in prompts if ids[:start] == self.prompt))
        return tuple(groups)

    def lengths(self) -> list[int]:
        """The generated tokens of each sequence: the count and one mention."""
        n_digits = max(1, len(self.count_ids))
        mentions = [len(completion.logprobs) for completion in self.completions]
        return [n_digits + n_tokens for n_tokens in mentions] or [n_digits]

    def repeats(self) -> Repeats | None:
        """The mentions to write again. None if there are none."""
        draft = self.text.draft if len(self.completions) > 1 else None
        if draft is None:
            return None
        mentions = self.mentions()
        strings = [m.text for m in mentions]
        found = find_repeats(strings, [m.logprob for m in mentions], draft)
        if found is None or self.refused.issuperset(found.numbers):
            return None
        numbers = tuple(n for n in found.numbers if n not in self.refused)
        return Repeats(numbers, found.draft)

    def replace(self, number: int, completion: Completion) -> None:
        """Take the second choice for a mention, if it is likely and no repetition."""
        first = self.completions[number]
        self.completions[number] = completion
        second = self.mentions()[number]
        least = self.count_threshold
        if not second.text or not completion.stopped or second.score < least:
            self.completions[number] = first
            self.refused.add(number)
        else:
            self.first_choices.setdefault(number, first.text.strip())

    def mentions(self) -> list[Mention]:
        one_digit = len(self.digits) == 1
        return [
            Mention(
                label=self.label,
                text=completion.text.strip(),
                index=index,
                logprob=completion.logprob,
                count_logprob=self.at_least[index] if one_digit else self.count_logprob,
                instead_of=self.first_choices.get(index - 1, ""),
            )
            for index, completion in enumerate(self.completions, start=1)
        ]


def _at_least(digit_logprobs: Sequence[float]) -> list[float]:
    """log P(count >= i) for i in 0..9, if the count has one digit."""
    tail = 0.0
    at_least = []
    for logprob in reversed(digit_logprobs):
        tail += math.exp(logprob)
        at_least.append(math.log(tail) if tail > 0 else -math.inf)
    return at_least[::-1]
