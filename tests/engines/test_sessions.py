"""What a session promises, whatever branches it is given."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spacy_padellm.formats.templates import TEMPLATES
from spacy_padellm.trees.branch import Branch

from .plain import assert_same, count_branches, mention_branches, written


@pytest.fixture(params=TEMPLATES)
def rows(request, workshop, tiny_tokenizer):
    """Count and mention branches of six texts, all in one call."""
    template, gold = TEMPLATES[request.param], workshop[:6]
    counts = count_branches(template, gold, tiny_tokenizer, max_new_tokens=3)
    mentions = mention_branches(template, gold, tiny_tokenizer)
    return [[*asked, *more] for asked, more in zip(counts, mentions, strict=True)]


def complete(engine, *calls):
    """The answers to each call, in one session."""
    with engine.session(len(calls[0])) as session:
        return [session.complete(rows) for rows in calls]


def test_the_order_of_branches_does_not_matter(engine, rows):
    backwards = [row[::-1] for row in rows]
    ((straight,), (reverse,)) = complete(engine, rows), complete(engine, backwards)
    assert_same([row[::-1] for row in reverse], straight)


def test_the_order_of_texts_does_not_matter(engine, rows):
    ((straight,), (reverse,)) = complete(engine, rows), complete(engine, rows[::-1])
    assert_same(reverse[::-1], straight)


def test_disturbing_one_branch_leaves_the_others_alone(engine, rows):
    (quiet,) = complete(engine, rows)
    for place in (0, 1, len(rows[0]) - 1):
        branch = rows[0][place]
        other = replace(branch, prompt=branch.prompt[:-2] + (40, 41, 42, 43, 44))
        disturbed_row = [*rows[0][:place], other, *rows[0][place + 1 :]]
        (disturbed,) = complete(engine, [disturbed_row, *rows[1:]])
        assert_same(disturbed[1:], quiet[1:])
        rest = [at for at in range(len(rows[0])) if at != place]
        assert_same(
            [[disturbed[0][at] for at in rest]], [[quiet[0][at] for at in rest]]
        )
        assert disturbed[0][place] != quiet[0][place]


def test_a_prompt_may_be_completed_again(engine, rows):
    first, second, third = complete(engine, rows, rows, rows)
    assert_same(second, first)
    assert_same(third, first)


def test_identical_branches_get_identical_answers(engine, rows):
    (once,) = complete(engine, rows)
    (twice,) = complete(engine, [[*row, *row] for row in rows])
    assert_same(twice, [[*row, *row] for row in once])


def test_prompts_may_go_on_from_what_was_generated(engine, plain, rows):
    """By one token, by all, and beyond: all three at once, and the old prompt too."""
    (first,) = complete(engine, rows)
    longer = [
        [
            replace(branch, prompt=branch.prompt + tail)
            for branch, answer in zip(row, answers, strict=True)
            for tail in ((), answer.ids[:1], answer.ids, (*answer.ids, 50))
        ]
        for row, answers in zip(rows[:2], first, strict=False)
    ]
    _, found = complete(engine, rows[:2], longer)
    assert_same(found, plain.complete(longer))


def test_a_text_may_have_nothing_to_ask(engine, plain, rows):
    some = [[], rows[1], [], rows[3]]
    later = [rows[0], [], [], rows[3]]
    first, second = complete(engine, some, later)
    assert_same(first, plain.complete(some))
    assert_same(second, plain.complete(later))
    assert complete(engine, [[], []]) == [[[], []]]


def test_a_stop_token_ends_a_branch_and_is_not_part_of_it(engine, plain, rows):
    (free,) = complete(engine, [[replace(b, max_new_tokens=4) for b in rows[0]]])
    stopping = [
        replace(branch, max_new_tokens=4, stop_ids=frozenset((answer.ids[2],)))
        for branch, answer in zip(rows[0], free[0], strict=True)
        if len(answer.ids) > 2
    ]
    assert stopping
    (found,) = complete(engine, [stopping])
    assert_same(found, plain.complete([stopping]))
    assert all(answer.stopped and len(answer.ids) <= 2 for answer in found[0])


def test_a_stop_string_ends_a_branch_and_the_text_before_it(engine, plain, rows):
    (free,) = complete(engine, [[replace(b, max_new_tokens=4) for b in rows[0]]])
    stopping = [
        replace(
            branch, max_new_tokens=4, stop_strings=(answer.text[2:3], answer.text[1:3])
        )
        for branch, answer in zip(rows[0], free[0], strict=True)
        if len(answer.text) > 3
    ]
    assert stopping
    (found,) = complete(engine, [stopping])
    assert_same(found, plain.complete([stopping]))
    for branch, answer in zip(stopping, found[0], strict=True):
        assert answer.stopped and branch.stop_strings[1] not in answer.text


def test_no_branch_writes_more_than_it_may(engine, rows):
    for most in (1, 2, 5):
        row = [Branch(branch.prompt, most) for branch in rows[0]]
        (found,) = complete(engine, [row])
        assert {(len(answer.ids), answer.stopped) for answer in found[0]} == {
            (most, False)
        }


def test_candidates_are_of_the_first_token_in_the_order_asked(engine, rows):
    """And the greedy choice is the best of the whole vocabulary."""
    prompt = rows[0][0].prompt
    every = tuple(range(engine.lm.base.model.config.vocab_size))
    row = [Branch(prompt, 1, candidates=every), Branch(prompt, 2, candidates=(9, 3, 9))]
    ((found, few),) = complete(engine, [row])[0]
    assert few.candidates == tuple(found.candidates[token] for token in (9, 3, 9))
    assert found.logprob == max(found.candidates) == found.candidates[found.ids[0]]


def test_a_first_token_among_candidates_is_one_of_them(engine, plain, rows):
    """Their probabilities sum to 1; the tokens after it are of the whole vocabulary."""
    free = [branch for row in rows for branch in row if branch.candidates == ()]
    chosen = (9, 3, 40, 77)
    row = [
        Branch(branch.prompt, 3, candidates=chosen, among_allowed=among)
        for branch in free[:20]
        for among in (False, True)
    ]
    (found,) = complete(engine, [row])
    assert_same(found, plain.complete([row]))
    for whole, among in zip(found[0][::2], found[0][1::2], strict=True):
        probabilities = np.exp(whole.candidates)
        assert among.candidates == pytest.approx(
            np.log(probabilities / probabilities.sum()), abs=1e-4
        )
        best = max(range(4), key=among.candidates.__getitem__)
        assert among.ids[0] == chosen[best]
        assert among.logprobs[0] == pytest.approx(among.candidates[best], abs=1e-6)
    assert any(one.ids[0] not in chosen for one in found[0][::2])
    assert any(not {*one.ids[1:]} & {*chosen} for one in found[0][1::2])


def test_a_prompt_too_long_for_the_model_is_refused(engine, plain, rows):
    most = engine.lm.context_length
    fits, too_long = Branch((5,) * (most - 1), 1), Branch((5,) * (most - 1), 2)
    complete(engine, [[fits]])
    with engine.session(2) as session:
        with pytest.raises(ValueError, match=rf"E601.* {most + 1} tokens.* {most}\."):
            session.complete([rows[0], [*rows[1], too_long]])
        # nothing of that call is left behind
        again = [[replace(b, prompt=(*b.prompt, 50)) for b in row] for row in rows[:2]]
        assert_same(session.complete(again), plain.complete(again))


tokens = st.integers(3, 6)
prompts = st.lists(tokens, min_size=1, max_size=5).map(tuple)
calls = st.lists(
    st.lists(
        st.lists(st.builds(Branch, prompts, st.integers(1, 3)), max_size=4),
        min_size=2,
        max_size=2,
    ),
    min_size=1,
    max_size=3,
)


@settings(max_examples=40, deadline=None)
@given(calls=calls)
def test_any_calls_in_any_order_give_the_plain_answers(engine, plain, calls):
    """Prompts of few tokens, so that they are prefixes of each other, and of what the
    model wrote, in all ways."""
    found = complete(engine, *calls)
    for answers, rows in zip(found, calls, strict=True):
        assert written(answers) == written(plain.complete(rows))
