"""A session that answers prompts with given answers, whatever the format."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from spacy_padellm.formats.extraction import extract_in_session
from spacy_padellm.trees.branch import Branch, Completion
from spacy_padellm.types import TokenIds

LOGPROB = -0.25  # of every token


@dataclass
class Answering:
    """answers: prompt → the answer's tokens, its end among them or not.

    asked: all branches that were asked for, a call each.
    """

    tokenizer: object
    answers: Mapping[TokenIds, TokenIds]
    asked: list[list[list[Branch]]] = field(default_factory=list)

    def complete(self, branches: Sequence[Sequence[Branch]]) -> list[list[Completion]]:
        self.asked.append([list(row) for row in branches])
        return [[self.answer(branch) for branch in row] for row in branches]

    def answer(self, branch: Branch) -> Completion:
        answer = self.answers[branch.prompt]
        stopped = answer[-1:] == (self.tokenizer.eos_id,)
        ids = answer[:-1] if stopped else answer
        cut = ids[: branch.max_new_tokens]
        stopped = stopped and cut == ids
        logprobs = (LOGPROB,) * (len(cut) + stopped)
        text = self.tokenizer.decode(cut)
        return Completion(cut, text, logprobs, stopped)


def answer_gold(format, rows, labels, tokenizer):
    """What a format reads where every prompt is answered as in training."""
    from spacy_padellm.formats.base import Query

    queries = [Query(row.text, labels) for row in rows]
    answers = {
        gold.prompt: gold.answer
        for query, row in zip(queries, rows, strict=True)
        for gold in format.gold(query, row.spans, tokenizer)
    }
    return extract_in_session(
        queries, Answering(tokenizer, answers), tokenizer=tokenizer, format=format
    )


def answer_string(format, string, text, labels, tokenizer, *, ended=True):
    """What a format reads where its only prompt is answered by `string`."""
    from spacy_padellm.formats.base import Query

    query = Query(text, labels)
    (prompt,) = {gold.prompt for gold in format.gold(query, {}, tokenizer)}
    ids = tokenizer.encode(string, add_special_tokens=False).ids
    answers = {prompt: ids + (tokenizer.eos_id,) * ended}
    (extraction,) = extract_in_session(
        [query], Answering(tokenizer, answers), tokenizer=tokenizer, format=format
    )
    return extraction
