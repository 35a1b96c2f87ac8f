"""OneStep: one sequence with all mentions for each label, labels in parallel.

The paper's ablation of its own method (arXiv 2402.04838, section 5): parallel over
labels, not over mentions.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ..engines.base import Session
from ..settings import check_positive
from ..trees.branch import Branch
from ..trees.packing import GoldSequence
from ..types import Mention, PromptTokenizer
from .answers import Answer
from .base import EncodedQuery, Extraction, Generative, Query, check_finite
from .segments import TextSegments, format_name

SEPARATOR = "\n"


def build_one_step_v1(
    *, max_new_tokens: int = 256, prefix_lm: bool = False
) -> "OneStep":
    """The OneStep format: `{text}\\n{name}:` is answered by one mention per line.

    max_new_tokens: the most tokens in the answer for a label; short texts have a lower
        limit.
    prefix_lm: tokens of the text attend to all of it, and not only to earlier ones.
    """
    check_positive(max_new_tokens=max_new_tokens)
    return OneStep(max_new_tokens, prefix_lm)


@dataclass(frozen=True, slots=True)
class OneStep(Generative):
    """One round, a branch for each label. See `build_one_step_v1`."""

    max_new_tokens: int
    prefix_lm: bool = False

    @property
    def name(self) -> str:
        return format_name("OneStep", prefix_lm=self.prefix_lm)

    def encode(
        self, query: Query, tokenizer: PromptTokenizer
    ) -> EncodedQuery[TextSegments]:
        text = TextSegments(query.text, tokenizer, prefix_lm=self.prefix_lm)
        return EncodedQuery(query, text)

    def extract(
        self, encoded: Sequence[EncodedQuery[TextSegments]], session: Session
    ) -> list[Extraction]:
        completed = session.complete([self._branches(one) for one in encoded])
        check_finite(encoded, completed)
        extractions = []
        for one, completions in zip(encoded, completed, strict=True):
            mentions: list[Mention] = []
            lost: Counter[str] = Counter()
            counts = {}
            tokenizer = one.text.tokenizer
            answers = [Answer(completion, tokenizer) for completion in completions]
            for label, answer in zip(one.query.labels, answers, strict=True):
                found = list(_mentions(label, answer))
                counts[label] = len(found)
                mentions += found
                lost["cut off"] += not answer.stopped
            lengths = tuple(answer.length for answer in answers)
            extractions.append(Extraction(tuple(mentions), counts, lengths, +lost))
        return extractions

    def gold(
        self,
        query: Query,
        spans: Mapping[str, Sequence[tuple[int, int]]],
        tokenizer: PromptTokenizer,
    ) -> list[GoldSequence]:
        text = self.encode(query, tokenizer).text
        separator = text.segment(SEPARATOR)
        sequences = []
        for label, name in query.labels.items():
            answer: tuple[int, ...] = ()
            for start, end in spans.get(label, ()):
                string, part = query.text[start:end], text.part(start, end)
                if SEPARATOR in string:  # it would be read as two mentions
                    part = text.segment(" " + " ".join(string.split()))
                answer += (separator if answer else ()) + part
            answer += (tokenizer.eos_id,)
            prompt = text.prompt + text.segment(name + ":")
            weights = (1.0,) * len(answer)
            sequences.append(GoldSequence(prompt, answer, weights, text.prefix))
        return sequences

    def _branches(self, encoded: EncodedQuery[TextSegments]) -> list[Branch]:
        text = encoded.text
        # at most, every token is a mention with a separator
        most = min(self.max_new_tokens, 2 * text.n_tokens + 1)
        return [
            Branch(
                text.prompt + text.segment(name + ":"),
                max_new_tokens=most,
                stop_ids=frozenset((text.tokenizer.eos_id,)),
                prefix=text.prefix,
            )
            for name in encoded.query.labels.values()
        ]


def _mentions(label: str, answer: Answer) -> list[Mention]:
    """One mention per line. A last line that is cut off is dropped."""
    mentions = []
    start = 0
    for line in answer.text.split(SEPARATOR):
        end = start + len(line)
        is_whole = answer.stopped or end < len(answer.text)
        if line.strip() and is_whole:
            logprob = answer.logprob(start, end + len(SEPARATOR))
            mentions.append(Mention(label, line.strip(), len(mentions) + 1, logprob))
        start = end + len(SEPARATOR)
    return mentions
