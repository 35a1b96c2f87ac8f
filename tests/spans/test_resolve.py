"""Conflicts: overlapping spans, characters inside tokens."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_padellm.spans.resolve import drop_overlaps, to_token_span
from spacy_padellm.types import LabelledSpan

from .random_docs import docs, make_doc

span_lists = st.lists(
    st.builds(
        lambda start, length, label, score: LabelledSpan(
            start, start + length, label, score
        ),
        start=st.integers(min_value=0, max_value=12),
        length=st.integers(min_value=1, max_value=5),
        label=st.sampled_from(["ORG", "PER"]),
        score=st.sampled_from([0.2, 0.5, 1.0]),
    ),
    max_size=10,
)
taken_tokens = st.sets(st.integers(min_value=0, max_value=17), max_size=4)


def test_the_higher_score_wins():
    long, sure = LabelledSpan(0, 4, "ORG", 0.5), LabelledSpan(3, 5, "LOC", 0.9)
    assert drop_overlaps([long, sure]) == ([sure], [long])


@pytest.mark.parametrize(
    ("winner", "loser"),
    [
        (LabelledSpan(1, 4, "PER"), LabelledSpan(0, 2, "ORG")),
        (LabelledSpan(0, 2, "PER"), LabelledSpan(1, 3, "ORG")),
        (LabelledSpan(0, 2, "ORG"), LabelledSpan(0, 2, "PER")),
    ],
    ids=["longer", "earlier", "label"],
)
def test_of_equal_scores(winner, loser):
    assert drop_overlaps([loser, winner]) == ([winner], [loser])


def test_spans_that_only_meet_both_stay():
    left, right = LabelledSpan(0, 2, "ORG"), LabelledSpan(2, 3, "ORG")
    assert drop_overlaps([right, left]) == ([left, right], [])


def test_taken_tokens_are_left_alone_whatever_the_score():
    span, free = LabelledSpan(0, 3, "ORG", 1.0), LabelledSpan(3, 4, "ORG", 0.1)
    assert drop_overlaps([span, free], taken={2}) == ([free], [span])


@given(span_lists, taken_tokens)
def test_no_token_is_kept_twice_or_taken(spans, taken):
    kept, dropped = drop_overlaps(spans, taken)
    tokens = [token for span in kept for token in range(span.start, span.end)]
    assert tokens == sorted(set(tokens) - taken)
    assert dropped == sorted(dropped, key=lambda span: (span.start, span.end))
    assert sorted(kept + dropped, key=repr) == sorted(spans, key=repr)


@given(span_lists, taken_tokens)
def test_every_dropped_span_met_a_better_one_or_a_taken_token(spans, taken):
    kept, dropped = drop_overlaps(spans, taken)
    for span in dropped:
        tokens = set(range(span.start, span.end))
        assert tokens & taken or any(
            tokens & set(range(other.start, other.end)) and other.score >= span.score
            for other in kept
        )


@given(span_lists, taken_tokens, st.randoms(use_true_random=False))
def test_the_order_of_the_spans_does_not_matter(spans, taken, random):
    shuffled = list(spans)
    random.shuffle(shuffled)
    assert drop_overlaps(shuffled, taken) == drop_overlaps(spans, taken)


@given(span_lists, taken_tokens)
def test_dropping_overlaps_twice_drops_no_more(spans, taken):
    kept, _ = drop_overlaps(spans, taken)
    assert drop_overlaps(kept, taken) == (kept, [])


def slow_token_span(doc, start, end, mode):
    """Convert characters to tokens by checking every token."""
    touched = [t for t in doc if t.idx < end and t.idx + len(t) > start]
    inside = [t for t in touched if t.idx >= start and t.idx + len(t) <= end]
    if mode == "contract":
        tokens = inside
    elif mode == "expand":
        tokens = touched
    else:
        whole = touched and touched[0].idx == start
        whole = whole and touched[-1].idx + len(touched[-1]) == end
        tokens = touched if whole else []
    numbers = [token.i for token in tokens if not token.text.isspace()]
    return (numbers[0], numbers[-1] + 1) if numbers else None


@given(docs(max_tokens=12), st.data())
@pytest.mark.parametrize("mode", ["strict", "contract", "expand"])
def test_characters_become_tokens(mode, doc, data):
    start = data.draw(st.integers(0, len(doc.text)))
    end = data.draw(st.integers(start, len(doc.text)))
    if start < end:
        assert to_token_span(doc, start, end, mode) == slow_token_span(
            doc, start, end, mode
        )


@pytest.mark.parametrize(
    ("mode", "tokens"), [("strict", None), ("contract", (1, 2)), ("expand", (1, 3))]
)
def test_the_modes_differ_inside_a_token(mode, tokens):
    doc = make_doc("the", "Bank", "of", "a")
    assert to_token_span(doc, 4, 10, mode) == tokens


def test_outer_whitespace_tokens_are_trimmed():
    doc = make_doc("\n", "Bank", "\n", "of", " ", spaces=[False] * 5)
    assert to_token_span(doc, 0, len(doc.text), "strict") == (1, 4)
    assert to_token_span(doc, 0, 1, "strict") is None


def test_another_mode_is_an_error_that_names_the_modes():
    with pytest.raises(ValueError, match="E202.*strict, contract, expand"):
        to_token_span(make_doc("a"), 0, 1, "loose")
