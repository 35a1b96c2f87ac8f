"""The mentions of a label, from the probabilities of its roles."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_padellm.formats import find_spans as module
from spacy_padellm.formats.find_spans import find_spans


def roles(n_tokens, *spans, at=None, low=0.01, high=0.9):
    """Probabilities [tokens, 3] that name the spans. at: others, (token, role)."""
    found = np.full((n_tokens, 3), low)
    for first, last in spans:
        found[first, 0] = found[last, 1] = high
        found[first + 1 : last + 1, 2] = high
    for place, probability in (at or {}).items():
        found[place] = probability
    return found


def anywhere(roles):
    return np.ones(len(roles), dtype=bool)


def find(roles, threshold=0.35, may_start=None, may_end=None):
    return find_spans(
        roles,
        anywhere(roles) if may_start is None else may_start,
        anywhere(roles) if may_end is None else may_end,
        threshold,
    )


def places(found):
    return [(first, last) for first, last, _ in found]


@pytest.mark.parametrize(
    "spans",
    [
        [],
        [(2, 2)],
        [(0, 0), (5, 5)],
        [(0, 5)],
        [(1, 2), (3, 4)],
        [(1, 1), (2, 2), (3, 3)],
        [(0, 1), (4, 5)],
        [(1, 4), (1, 2)],
        [(1, 4), (3, 4)],
        [(1, 4), (1, 1)],
    ],
)
def test_what_is_named_is_found(spans):
    """Apart, adjacent, or nested with a border in common."""
    assert places(find(roles(6, *spans))) == sorted(spans)


def test_a_mention_may_be_as_long_as_the_text():
    found = find(roles(400, (3, 395), (397, 397)))
    assert places(found) == [(3, 395), (397, 397)]


def test_a_mention_ends_where_it_does_not_go_on():
    """Two borders far apart are no mention."""
    assert find(roles(6, at={(0, 0): 0.9, (5, 1): 0.9})) == []
    broken = roles(6, (0, 5), at={(3, 2): 0.01})
    assert find(broken) == []
    assert places(find(roles(6, (0, 5)))) == [(0, 5)]


def test_that_the_first_token_goes_on_says_nothing():
    one = find(roles(6, (2, 4), at={(2, 2): 0.9}))
    assert one == find(roles(6, (2, 4)))


def test_nested_mentions_without_a_common_border():
    """The better ones come first, so no two cross."""
    nested = roles(6, (0, 5), (2, 3), at={(0, 0): 0.99, (5, 1): 0.99})
    assert {(0, 5), (2, 3)} <= set(places(find(nested)))


def test_of_two_that_cross_the_better_one_stays():
    crossing = roles(6, (0, 3), (2, 5), at={(2, 0): 0.6, (5, 1): 0.6})
    found = places(find(crossing))
    assert (0, 3) in found and (2, 5) not in found


def test_a_score_is_between_its_least_and_its_greatest_probability():
    sure = find(roles(6, (1, 3), at={(2, 2): 0.7, (1, 0): 0.8}))
    [(_, _, score)] = sure
    assert 0.7 < score < 0.9
    [(_, _, single)] = find(roles(6, (1, 1), at={(1, 0): 0.5}))
    assert single == pytest.approx(2 / (1 / 0.5 + 1 / 0.9))


def test_a_border_may_be_less_likely_than_the_threshold():
    """If the other one is all the more likely."""
    for spans in [(2, 2)], [(2, 4)]:
        doubtful = roles(6, *spans, at={(2, 0): 0.3})
        assert places(find(doubtful, threshold=0.4)) == spans
        assert places(find(doubtful, threshold=0.5)) == []


def test_with_a_threshold_of_0_all_that_may_be_is_found():
    found = find(roles(3, low=1e-6), threshold=0)
    assert {(0, 0), (1, 1), (2, 2)} <= set(places(found))
    starts, ends = np.array([False, True, False]), np.array([False, False, True])
    assert places(find(roles(3), 0, may_start=starts, may_end=ends)) == [(1, 2)]


def test_with_a_threshold_of_1_only_what_is_certain_is_found():
    certain = roles(5, (0, 0), (2, 4), low=0.0 + 1e-300, high=1.0)
    assert places(find(certain, threshold=1)) == [(0, 0), (2, 4)]
    assert find(roles(5, (0, 0), (2, 4), high=1 - 1e-9), threshold=1) == []


probability = st.sampled_from([1e-300, 0.01, 0.2, 0.3, 0.4, 0.6, 0.8, 0.95, 1.0])


@st.composite
def role_arrays(draw):
    n_tokens = draw(st.integers(0, 6))
    row = st.tuples(probability, probability, probability)
    rows = draw(st.lists(row, min_size=n_tokens, max_size=n_tokens))
    flags = st.lists(st.booleans(), min_size=n_tokens, max_size=n_tokens)
    shape = n_tokens, 3
    return (
        np.array(rows, dtype=np.float64).reshape(shape),
        np.array(draw(flags), dtype=bool),
        np.array(draw(flags), dtype=bool),
        draw(st.sampled_from([0.0, 0.2, 0.35, 0.6, 1.0])),
    )


def plain_score(roles, first, last):
    start, end = roles[first, 0], roles[last, 1]
    if first == last:
        return 1 / (0.5 / start + 0.5 / end)
    inner = min(roles[token, 2] for token in range(first + 1, last + 1))
    border = module.BORDER_WEIGHT
    return 1 / (border / start + border / end + module.INNER_WEIGHT / inner)


@given(role_arrays())
def test_found_are_the_best_ones_that_do_not_cross(given):
    """As if each pair of tokens were looked at by itself."""
    roles, may_start, may_end, threshold = given
    n_tokens = range(len(roles))
    every = [(first, last) for first in n_tokens for last in n_tokens if first <= last]
    found = find_spans(roles, may_start, may_end, threshold)
    assert places(found) == sorted(set(places(found)))
    scores = {(first, last): score for first, last, score in found}
    for first, last in scores:
        assert may_start[first] and may_end[last]
        expected = plain_score(roles, first, last)
        assert scores[first, last] == pytest.approx(expected)
        assert expected >= threshold * (1 - 1e-9)
        assert not any(cross((first, last), other) for other in scores)
    for first, last in set(every) - set(scores):
        score = plain_score(roles, first, last)
        if not (may_start[first] and may_end[last]) or score < threshold * (1 + 1e-9):
            continue
        better = [place for place in scores if scores[place] >= score * (1 - 1e-9)]
        assert any(cross((first, last), other) for other in better) or (
            first in {place[0] for place in better}
            and last in {place[1] for place in better}
        )


def cross(one, other):
    """Whether they share a token, and each has one that the other lacks."""
    first, second = (set(range(place[0], place[1] + 1)) for place in (one, other))
    return bool(first & second and first - second and second - first)
