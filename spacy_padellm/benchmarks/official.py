"""The paper's own inference, as it describes it (arXiv 2402.04838): the baseline that
packed trees are measured against.

One document at a time. All labels' count prompts are one left-padded batch; then the
prompts of every mention are another, from the first token again: the text is encoded
once a label and once more a mention. The public scripts (GeorgeLuImmortal/PaDeLLM_NER)
feed each prompt twice by mistake; here it is fed once, so the baseline is the method,
not the mistake.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from ..engines.base import Branch, Completion
from ..formats.base import Extraction, PromptTokenizer, Query
from ..formats.padellm import PaDeLLM
from ..formats.segments import digit_id
from ..formats.templates import TextPrompts
from ..models.lora import AdaptedLM
from ..types import Mention, TokenIds
from .generate import generate


class OfficialPaDeLLM:
    """Flat prompts and `generate`. Finds what `format.extract` finds, mentions, counts
    and probabilities alike, with the format's own prompts and limits."""

    def __init__(
        self, format: PaDeLLM, lm: AdaptedLM, tokenizer: PromptTokenizer
    ) -> None:
        self.format = format
        self.lm = lm
        self.tokenizer = tokenizer
        self.digits = tuple(digit_id(digit, tokenizer) for digit in "0123456789")
        # a count ends at the first token that is no number
        self.no_numbers = frozenset(
            token
            for token in range(lm.base.model.config.get_text_config().vocab_size)
            if not _is_number(tokenizer.decode((token,)).strip())
        )

    def extract(self, queries: Sequence[Query]) -> list[Extraction]:
        return [self.extract_one(query) for query in queries]

    def extract_one(self, query: Query) -> Extraction:
        format = self.format
        prompts = format.template.prompts(query.text, self.tokenizer, format.reading)
        cap = min(self.format.max_count, prompts.n_tokens)
        asked = [
            self._count_branch(prompts, name, cap) for name in query.labels.values()
        ]
        counts = [
            self._read_count(answer, cap)
            for answer in generate(self.lm, self.tokenizer, asked)
        ]
        wanted = [
            self._mention_branch(prompts.mention(name, count.number, index), prompts)
            for name, count in zip(query.labels.values(), counts, strict=True)
            for index in range(1, count.number + 1)
        ]
        completions = iter(generate(self.lm, self.tokenizer, wanted))
        mentions: list[Mention] = []
        lengths: list[int] = []
        for label, count in zip(query.labels, counts, strict=True):
            for index in range(1, count.number + 1):
                completion = next(completions)
                mentions.append(_mention(label, index, count, completion))
                lengths.append(count.n_tokens + len(completion.logprobs))
            if not count.number:
                lengths.append(count.n_tokens)
        numbers = [count.number for count in counts]
        return Extraction(
            mentions=tuple(mentions),
            counts=dict(zip(query.labels, numbers, strict=True)),
            lengths=tuple(lengths),
        )

    def _count_branch(self, prompts: TextPrompts, name: str, cap: int) -> Branch:
        return Branch(
            prompts.count(name),
            # one digit more than the cap has is above it, whatever the digits
            max_new_tokens=len(str(cap)) + 1,
            stop_ids=self.no_numbers,
            candidates=self.digits,
            prefix=prompts.prefix,
        )

    def _mention_branch(self, prompt: TokenIds, prompts: TextPrompts) -> Branch:
        return Branch(
            prompt,
            min(self.format.max_mention_tokens, prompts.n_tokens + 1),
            stop_ids=frozenset((self.tokenizer.eos_id,)),
            stop_strings=self.format.template.stop_strings,
            prefix=prompts.prefix,
        )

    def _read_count(self, answer: Completion, cap: int) -> "_Count":
        """Read digits until there are none, or more would change nothing."""
        digits, n_tokens, number = "", 0, 0
        for token in answer.ids:
            digits += self.tokenizer.decode((token,)).strip()
            n_tokens += 1
            number = min(int(digits), cap)
            if number in (0, cap):
                break
        logprob = sum(answer.logprobs[:n_tokens])
        return _Count(number, len(digits), max(1, n_tokens), logprob, answer.candidates)


@dataclass(frozen=True, slots=True)
class _Count:
    """number: how many mentions are asked for. n_digits, n_tokens, logprob: of what was
    written. candidates: log-probabilities of the digits 0 to 9 as its first token."""

    number: int
    n_digits: int
    n_tokens: int
    logprob: float
    candidates: tuple[float, ...]

    def at_least(self, index: int) -> float:
        """log P(count >= index); that of the count itself where it has two digits."""
        if self.n_digits > 1:
            return self.logprob
        return torch.tensor(self.candidates[index:]).logsumexp(0).item()


def _mention(label: str, index: int, count: _Count, completion: Completion) -> Mention:
    return Mention(
        label=label,
        text=completion.text.strip(),
        index=index,
        logprob=completion.logprob,
        count_logprob=count.at_least(index),
    )


def _is_number(string: str) -> bool:
    return string.isascii() and string.isdigit()
