"""A session that knows the answers: it reads each prompt and looks them up."""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from spacy_padellm.trees.branch import Branch, Completion

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
        digits of the true count. Every token of a count has log-probability -0.5.
    digits: probabilities of 0 to 9 as a count's first token; else those of the others
        are 0.
    calls: all branches that were asked for.
    """

    template: str
    tokenizer: object
    answers: dict[tuple[str, str], Sequence[str]]
    counts: dict[str, Sequence[str]] = field(default_factory=dict)
    digits: Sequence[float] | None = None
    calls: list[list[list[Branch]]] = field(default_factory=list)

    def complete(self, branches):
        self.calls.append([list(row) for row in branches])
        return [[self.answer(branch) for branch in row] for row in branches]

    def answer(self, branch: Branch) -> Completion:
        text, name, count, index = self.read(branch)
        mentions = self.answers.get((text, name), ())
        if index is not None:
            assert branch.stop_ids == {self.tokenizer.eos_id}
            mention = " " + mentions[int(index) - 1]
            return Completion((), mention, (-0.1 * int(index),), True)
        assert branch.max_new_tokens == 1
        tokens = [*self.counts.get(name, str(len(mentions))), "\n"]
        token = tokens[len(count or "")]
        ids = self.tokenizer.encode(f"\n{token}", add_special_tokens=False).ids[-1:]
        if self.digits:
            candidates = tuple(math.log(p) if p else -math.inf for p in self.digits)
        else:
            candidates = tuple(-0.5 if token == d else -math.inf for d in "0123456789")
        return Completion(ids, token, (-0.5,), False, candidates)

    def read(self, branch: Branch):
        """(text, label name, count so far, mention's number) of a prompt."""
        prompt = self.tokenizer.decode(branch.prompt)
        return re.fullmatch(PROMPTS[self.template], prompt, re.DOTALL).groups()

    def asked(self, call: int) -> list[tuple]:
        """What the prompts of a call ask: as `read`, without the text."""
        return [self.read(branch)[1:] for row in self.calls[call] for branch in row]
