"""The paper's own inference, as the paper describes it (arXiv 2402.04838).

It reads one document at a time. The count prompts of all labels are one left-padded
batch; the prompts of all mentions are another, again from their first tokens. So the
text is encoded once for each label and once for each mention. The public scripts
(GeorgeLuImmortal/PaDeLLM_NER) feed each prompt twice by mistake. This version feeds it
once, so that the baseline is the method and not the mistake.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import torch

from spacy_padellm.engines.base import Session
from spacy_padellm.formats.base import EncodedQuery, Extraction, Generative, Query
from spacy_padellm.formats.padellm import PaDeLLM
from spacy_padellm.formats.segments import digit_id
from spacy_padellm.formats.templates import TextPrompts
from spacy_padellm.trees.branch import Branch, Completion
from spacy_padellm.types import Mention, PromptTokenizer, TokenIds

# Completes branches about one of the session's texts.
Complete: TypeAlias = Callable[[int, Sequence[Branch]], list[Completion]]


class OfficialPaDeLLM(Generative):
    """The official algorithm as a format, with the prompts and limits of another.

    It finds the same mentions, counts and probabilities as `PaDeLLM.extract`. Run it on
    a `GenerateEngine` to get the paper's system.

    vocabulary: the number of token ids.
    """

    def __init__(
        self, format: PaDeLLM, tokenizer: PromptTokenizer, vocabulary: int
    ) -> None:
        self.format = format
        self.name = f"official {format.name}"
        self.eos_id = tokenizer.eos_id
        self.digits = tuple(digit_id(digit, tokenizer) for digit in "0123456789")
        strings = {token: tokenizer.decode((token,)) for token in range(vocabulary)}
        self.numbers = {
            token: string.strip()
            for token, string in strings.items()
            if _is_number(string.strip())
        }
        # a count ends at the first token that is not a number
        self.no_numbers = frozenset(strings.keys() - self.numbers.keys())

    def encode(
        self, query: Query, tokenizer: PromptTokenizer
    ) -> EncodedQuery[TextPrompts]:
        return self.format.encode(query, tokenizer)

    def extract(
        self, encoded: Sequence[EncodedQuery[TextPrompts]], session: Session
    ) -> list[Extraction]:
        def complete(text: int, branches: Sequence[Branch]) -> list[Completion]:
            rows = [branches if at == text else () for at in range(len(encoded))]
            return session.complete(rows)[text]

        return [self._extract_one(one, at, complete) for at, one in enumerate(encoded)]

    def _extract_one(
        self,
        encoded: EncodedQuery[TextPrompts],
        text: int,
        complete: Complete,
    ) -> Extraction:
        prompts, labels = encoded.text, encoded.query.labels
        cap = min(self.format.max_count, prompts.n_tokens)
        answers = complete(
            text, [self._count_branch(prompts, name, cap) for name in labels.values()]
        )
        counts = [self._read_count(answer, cap) for answer in answers]
        asked = [
            self._mention_branch(prompts.mention(name, count.number, index), prompts)
            for name, count in zip(labels.values(), counts, strict=True)
            for index in range(1, count.number + 1)
        ]
        completions = iter(complete(text, asked))
        mentions: list[Mention] = []
        lengths: list[int] = []
        for label, count in zip(labels, counts, strict=True):
            for index in range(1, count.number + 1):
                completion = next(completions)
                mentions.append(_mention(label, index, count, completion))
                lengths.append(count.n_tokens + len(completion.logprobs))
            if not count.number:
                lengths.append(count.n_tokens)
        numbers = [count.number for count in counts]
        return Extraction(
            mentions=tuple(mentions),
            counts=dict(zip(labels, numbers, strict=True)),
            lengths=tuple(lengths),
        )

    def _count_branch(self, prompts: TextPrompts, name: str, cap: int) -> Branch:
        return Branch(
            prompts.count(name),
            # with one more digit than the cap, a count is above it
            max_new_tokens=len(str(cap)) + 1,
            stop_ids=self.no_numbers,
            candidates=self.digits,
            prefix=prompts.prefix,
        )

    def _mention_branch(self, prompt: TokenIds, prompts: TextPrompts) -> Branch:
        return Branch(
            prompt,
            min(self.format.max_mention_tokens, prompts.n_tokens + 1),
            stop_ids=frozenset((self.eos_id,)),
            stop_strings=self.format.template.stop_strings,
            prefix=prompts.prefix,
        )

    def _read_count(self, answer: Completion, cap: int) -> "_Count":
        """Read digits until the number is 0 or the cap."""
        digits, n_tokens, number = "", 0, 0
        for token in answer.ids:
            digits += self.numbers[token]
            n_tokens += 1
            number = min(int(digits), cap)
            if number in (0, cap):
                break
        logprob = sum(answer.logprobs[:n_tokens])
        return _Count(number, len(digits), max(1, n_tokens), logprob, answer.candidates)


@dataclass(frozen=True, slots=True)
class _Count:
    """A count as the model wrote it.

    number: how many mentions it asks for. n_digits, n_tokens, logprob: of the answer.
    candidates: log-probabilities of the digits 0 to 9 as the first token.
    """

    number: int
    n_digits: int
    n_tokens: int
    logprob: float
    candidates: tuple[float, ...]

    def at_least(self, index: int) -> float:
        """log P(count >= index), or log P(count) if it has several digits."""
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
