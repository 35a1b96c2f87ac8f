"""Counts read from their probabilities."""

import math

import pytest

from spacy_padellm.formats.base import Query
from spacy_padellm.formats.extraction import extract_in_session
from spacy_padellm.formats.padellm import build_padellm_v1
from spacy_padellm.trees.branch import Completion

# P(count) of 0, 1, 2, 3; the likeliest is 0
SHARES = (0.4, 0.3, 0.2, 0.1)


class Unsure:
    """Answers a count prompt with SHARES, a mention prompt with a word of the text."""

    def complete(self, branches):
        return [[self.answer(branch) for branch in row] for row in branches]

    @staticmethod
    def answer(branch):
        if not branch.candidates:
            return Completion((40,), "Oslo", (-0.1,), True)
        logprobs = [math.log(share) for share in SHARES] + [-30.0] * 6
        best = max(range(10), key=logprobs.__getitem__)
        digit = branch.candidates[best]
        return Completion(
            (digit,), str(best), (logprobs[best],), False, tuple(logprobs)
        )


@pytest.mark.parametrize(
    "threshold, count", [(None, 0), (0.7, 0), (0.5, 1), (0.25, 2), (0.09, 3)]
)
def test_the_largest_count_that_is_likely_enough(threshold, count, tiny_tokenizer):
    format = build_padellm_v1(count_threshold=threshold)

    class OneDigit(Unsure):
        rounds = 0

        def complete(self, branches):
            self.rounds += 1
            answers = super().complete(branches)
            if self.rounds == 1:
                return answers
            # behind the count comes no further digit
            end = Completion((), "", (-0.1,), True, (-30.0,) * 10)
            return [
                [
                    end if branch.candidates else answer
                    for branch, answer in zip(asked, answered, strict=True)
                ]
                for asked, answered in zip(branches, answers, strict=True)
            ]

    query = Query("Oslo, Oslo, Oslo and Oslo", {"LOC": "location"})
    (extraction,) = extract_in_session(
        [query], OneDigit(), tokenizer=tiny_tokenizer, format=format
    )
    assert extraction.counts == {"LOC": count}
    assert [mention.text for mention in extraction.mentions] == ["Oslo"] * count
    for mention in extraction.mentions:
        # P(count >= i) is what it is, whatever was taken
        at_least = sum(SHARES[mention.index :])
        assert math.exp(mention.count_logprob) == pytest.approx(at_least)
