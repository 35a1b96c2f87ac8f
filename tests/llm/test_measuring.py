"""No sequence of a query is longer than measured, whatever the model generates."""

import random

import pytest

from spacy_padellm.formats.autoreg_aug import build_autoreg_aug_v1
from spacy_padellm.formats.autoreg_struct import build_autoreg_struct_v1
from spacy_padellm.formats.base import Query
from spacy_padellm.formats.extraction import extract_in_session
from spacy_padellm.formats.one_step import build_one_step_v1
from spacy_padellm.formats.padellm import build_padellm_v1
from spacy_padellm.llm.measuring import SPARE, longest_sequence
from spacy_padellm.trees.branch import Branch, Completion

LABELS = {"PER": "person", "ORG": "organization or company", "LOC": "place"}
FORMATS = [
    build_padellm_v1(),
    build_padellm_v1(count_threshold=0.2),
    build_padellm_v1(template="padellm.en"),
    build_padellm_v1(template="padellm.zh", max_count=500, max_mention_tokens=3),
    build_one_step_v1(),
    build_autoreg_struct_v1(),
    build_autoreg_aug_v1(max_new_tokens=64),
]
TEXTS = ["Ann", "12 34 56", "The European Commission said. " * 9, "京都と大阪。" * 20]


class Chatty:
    """Generates maximum counts and arbitrary mentions. Records the longest requested
    sequence."""

    def __init__(self, tokenizer, seed: int) -> None:
        self.tokenizer = tokenizer
        self.random = random.Random(seed)
        self.longest = 0

    def complete(self, branches):
        return [[self._answer(branch) for branch in row] for row in branches]

    def _answer(self, branch: Branch) -> Completion:
        needed = len(branch.prompt) + branch.max_new_tokens
        self.longest = max(self.longest, needed)
        logprobs = (-1.0,) * len(branch.candidates)
        if logprobs:
            ids = (branch.candidates[self.random.choice([8, 9])],)
        else:
            ids = self.tokenizer.encode("Ann", add_special_tokens=False).ids
        text = self.tokenizer.decode(ids)
        return Completion(ids, text, (-1.0,) * len(ids), False, logprobs)


@pytest.mark.parametrize("format", FORMATS, ids=lambda format: format.name)
@pytest.mark.parametrize("text", TEXTS, ids=lambda text: text[:8])
def test_the_longest_sequence_is_known_beforehand(format, text, tiny_tokenizer):
    query = Query(text, LABELS)
    measured = longest_sequence(query, format, tiny_tokenizer)
    for seed in range(3):
        chatty = Chatty(tiny_tokenizer, seed)
        extract_in_session([query], chatty, tokenizer=tiny_tokenizer, format=format)
        assert chatty.longest <= measured <= chatty.longest + SPARE


def test_an_empty_text_has_room_too(tiny_tokenizer):
    assert longest_sequence(Query("", LABELS), FORMATS[0], tiny_tokenizer) < 60
