"""A session that knows the answers: it reads each prompt and looks them up."""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from spacy_padellm.engines.base import Branch, Completion

PROMPTS = {
    "compact": r"(?:<\|im_start\|>|<s>)? ?(.*)\n ?([^\n]*):(?:(\d+)(?:\n(\d+))?)?",
    "padellm.en": (
        r"text:\n(.*)\nentity type:\n(.*)\n\n<num>(?:(\d+)(?:\n<mention (\d+)>)?)?"
    ),
    "padellm.zh": (
        r"文本:\n(.*)\n指定NER标签:\n(.*)\n\n<数量>(?:(\d+)(?:\n<第(\d+)文段>)?)?"
    ),
}


@dataclass
class Oracle:
    """answers: (text, label name) → its mentions.

    counts: label name → what is written for its count, a token a string; else the
        digits of the true count.
    digits: probabilities of 0 to 9 as a count's first digit, the right one aside.
    """

    template: str
    tokenizer: object
    answers: dict[tuple[str, str], Sequence[str]]
    counts: dict[str, Sequence[str]] = field(default_factory=dict)
    probabilities: Sequence[float] = (0.1,) * 10
    calls: list[list[list[Branch]]] = field(default_factory=list)

    def complete(self, branches):
        self.calls.append([list(row) for row in branches])
        return [[self.answer(branch) for branch in row] for row in branches]

    def answer(self, branch: Branch) -> Completion:
        text, name, count, index = self.read(branch)
        mentions = self.answers.get((text, name), ())
        if index is not None:
            assert branch.stop_ids == {self.tokenizer.eos_id}
            return completion(" " + mentions[int(index) - 1], -0.1 * int(index))
        assert branch.max_new_tokens == 1
        tokens = [*self.counts.get(name, str(len(mentions))), "\n"]
        logprobs = tuple(math.log(p) if p else -math.inf for p in self.probabilities)
        return completion(tokens[len(count or "")], -0.5, logprobs)

    def read(self, branch: Branch):
        """(text, label name, count so far, mention's number) of a prompt."""
        prompt = self.tokenizer.decode(branch.prompt)
        return re.fullmatch(PROMPTS[self.template], prompt, re.DOTALL).groups()

    def prompts(self, call: int) -> list[tuple]:
        return [self.read(branch) for row in self.calls[call] for branch in row]


def completion(text, logprob, candidates=()):
    # ids that the format hands back in the next prompt: a digit must be that digit
    ids = (DIGITS[text],) if text in DIGITS else (0,)
    return Completion(ids, text, logprob, True, candidates)


DIGITS: dict[str, int] = {}
