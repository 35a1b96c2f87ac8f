"""A mention that repeats a used-up string takes its next best, if that is likely."""

import math
from dataclasses import replace

import pytest

from spacy_padellm.formats.base import Query
from spacy_padellm.formats.extraction import extract_in_session
from spacy_padellm.formats.padellm import build_padellm_v1
from spacy_padellm.formats.segments import TextSegments, mention_draft
from spacy_padellm.trees.branch import Completion

from .oracle import Oracle

TEXT = "Ann Lee, Bo Ray and Cy Fox met. Bo Ray left."


class Ranking(Oracle):
    """Each mention is the likeliest of a ranking that its draft allows."""

    def answer(self, branch):
        text, name, _, index = self.read(branch)
        if index is None:
            return super().answer(branch)
        ranking = self.answers[text, name][int(index) - 1]
        for string, probability in ranking:
            if branch.draft.occurrences(string):
                return Completion((), f" {string}", (math.log(probability),), True)
        return Completion((), "", (-0.1,), True)


@pytest.fixture
def ask(tiny_tokenizer):
    """Extract people; the rankings of the mentions are given. Gives (index, string,
    what it is written instead of), and how often the model was asked."""

    def ask(*rankings, **settings):
        format = build_padellm_v1(**settings)
        answers = {(TEXT, "person"): rankings}
        oracle = Ranking("compact", tiny_tokenizer, answers)
        oracle.digits = [float(n == len(rankings)) for n in range(10)]
        (extraction,) = extract_in_session(
            [Query(TEXT, {"PER": "person"})],
            oracle,
            tokenizer=tiny_tokenizer,
            format=format,
        )
        found = [(m.index, m.text, m.instead_of) for m in extraction.mentions]
        return found, len(oracle.calls)

    return ask


ANN, BO, CY = ("Ann Lee", 0.9), ("Bo Ray", 0.8), ("Cy Fox", 0.7)


def test_the_less_probable_of_two_takes_its_next_best(ask):
    found, calls = ask([ANN], [("Ann Lee", 0.6), CY, ("Lee", 0.9)])
    assert found == [(1, "Ann Lee", ""), (2, "Cy Fox", "Ann Lee")]
    assert calls == 3
    found, _ = ask([("Ann Lee", 0.6), CY], [ANN])
    assert [string for _, string, _ in found] == ["Cy Fox", "Ann Lee"]


def test_parts_of_a_used_up_string_are_no_choice(ask):
    found, _ = ask([ANN], [("Ann Lee", 0.6), ("Lee", 0.9), ("Ann", 0.9), CY])
    assert found[1] == (2, "Cy Fox", "Ann Lee")


def test_nor_is_any_other_string_that_is_used_up(ask):
    found, calls = ask([ANN], [CY], [("Ann Lee", 0.6), CY, BO])
    assert found[2] == (3, "Bo Ray", "Ann Lee") and calls == 3


def test_a_string_is_taken_as_often_as_the_text_has_it(ask):
    found, calls = ask([BO], [BO])
    assert found == [(1, "Bo Ray", ""), (2, "Bo Ray", "")] and calls == 2
    found, calls = ask([BO], [BO], [("Bo Ray", 0.6), ANN])
    assert found[2] == (3, "Ann Lee", "Bo Ray") and calls == 3


def test_second_choices_that_repeat_each_other_are_made_again(ask):
    less = ("Ann Lee", 0.6)
    found, calls = ask([ANN], [less, CY, BO], [less, ("Cy Fox", 0.6), BO])
    assert [string for _, string, _ in found] == ["Ann Lee", "Cy Fox", "Bo Ray"]
    assert calls == 4


@pytest.mark.parametrize(
    ("settings", "is_taken"),
    [({}, False), ({"count_threshold": 0.3}, True), ({"count_threshold": None}, False)],
)
def test_what_is_less_likely_than_the_threshold_is_not_invented(
    ask, settings, is_taken
):
    found, _ = ask([ANN], [("Ann Lee", 0.6), ("Cy Fox", 0.4)], **settings)
    second = ("Cy Fox", "Ann Lee") if is_taken else ("Ann Lee", "")
    assert found[1] == (2, *second)


def test_where_nothing_repeats_or_anything_may_be_written_nobody_asks_again(ask):
    assert ask([ANN], [CY])[1] == 2
    assert ask([ANN], [ANN, CY], only_in_text=False)[1] == 2


def test_the_engine_completes_a_prompt_again_without_the_string(
    engine, plain, tiny_tokenizer
):
    text = TextSegments(TEXT, tiny_tokenizer)
    draft = mention_draft(text)
    format = build_padellm_v1()
    encoded = format.encode(Query(TEXT, {"PER": "person"}), tiny_tokenizer)
    (state,) = format._label_states(encoded)
    state.digits = "2"
    branch = format._mention_branch(state, 1, draft, tiny_tokenizer)
    with engine.session(1) as session:
        [[first]] = session.complete([[branch]])
        places = draft.occurrences(first.text.strip())
        assert places
        again = replace(branch, draft=draft.without(places))
        [[second]] = session.complete([[again]])
    [[expected]] = plain.complete([[again]])
    assert second.ids == expected.ids != first.ids
    assert second.logprob == pytest.approx(expected.logprob, abs=1e-4)
