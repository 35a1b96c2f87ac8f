"""Mentions in overlapping windows are found once, and are not cut off."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_padellm.spans.merging import are_answered_for
from spacy_padellm.spans.windows import (
    build_sentence_windows_v1,
    build_strided_windows_v1,
)
from spacy_padellm.types import LabelledSpan, Window

from .random_docs import docs, make_doc

TWO = [Window(0, 6, 0, 5), Window(4, 10, 5, 10)]


def answered(windows, *found):
    """Return the (window, start, end, label) that are kept."""
    pairs = [(number, LabelledSpan(*span)) for number, *span in found]
    kept = are_answered_for(windows, pairs)
    return [one for one, is_kept in zip(found, kept, strict=True) if is_kept]


@pytest.mark.parametrize("start", range(10))
def test_of_two_windows_the_one_that_keeps_the_first_token_answers(start):
    found = [(n, start, start + 1, "X") for n, w in enumerate(TWO) if start in span(w)]
    [(window, *_)] = answered(TWO, *found)
    assert window == (0 if start < 5 else 1)


def span(window: Window) -> range:
    return range(window.start, window.end)


def test_a_mention_that_goes_beyond_its_window_is_answered_for_by_the_next():
    assert answered(TWO, (1, 4, 7, "X")) == [(1, 4, 7, "X")]
    assert answered(TWO, (0, 4, 6, "X"), (1, 4, 7, "X")) == [(1, 4, 7, "X")]


def test_what_the_window_cut_stays_if_the_next_one_found_no_more():
    assert answered(TWO, (0, 4, 6, "X")) == [(0, 4, 6, "X")]
    assert answered(TWO, (0, 4, 6, "X"), (1, 4, 6, "X")) == [(0, 4, 6, "X")]


def test_another_label_does_not_make_it_a_part():
    both = [(0, 4, 6, "X"), (1, 4, 7, "Y")]
    assert answered(TWO, *both) == both


def test_windows_that_disagree_about_the_first_token_lose_no_mention():
    """Each finds what the other one is responsible for."""
    windows = [Window(0, 8, 0, 6), Window(4, 12, 6, 12)]
    short, long = (0, 6, 8, "X"), (1, 5, 8, "X")
    assert answered(windows, short, long) == [long]
    assert answered(windows, short) == answered(windows, long) == []
    # a window between them is responsible for both, and found nothing
    three = [Window(0, 8, 0, 4), Window(2, 10, 4, 6), Window(4, 12, 6, 12)]
    assert answered(three, (0, 5, 7, "X"), (2, 5, 7, "X")) == []
    # another window has found it, or another label
    own = (1, 7, 8, "X")
    assert answered(windows, short, long, own) == [own]
    assert answered(windows, short, (1, 5, 8, "Y")) == []


def test_a_nested_mention_inside_the_window_is_no_part():
    nested = [(0, 1, 4, "X"), (0, 2, 3, "X")]
    assert answered(TWO, *nested) == nested


def read_all(windows, gold):
    """Predict all mentions of each window, and the visible part of cut mentions."""
    return [
        (n, LabelledSpan(max(start, w.start), min(end, w.end), label))
        for n, w in enumerate(windows)
        for start, end, label in gold
        if start < w.end and end > w.start
    ]


gold_spans = st.lists(
    st.tuples(st.integers(0, 60), st.integers(1, 9), st.sampled_from("XY")),
    max_size=12,
)


@given(
    stride=st.integers(1, 12), overlap=st.integers(0, 12), size=st.integers(0, 64),
    drawn=gold_spans,
)  # fmt: skip
def test_mentions_no_longer_than_the_overlap_are_found_once_and_whole(
    stride, overlap, size, drawn
):
    doc = make_doc(*["a"] * size)
    windows = build_strided_windows_v1(window=stride + overlap, stride=stride)(doc)
    gold, end = [], 0
    for start, length, label in sorted(drawn):
        # a token between them: of two that touch, a part could be the other's
        if start > end and start + min(length, overlap + 1) <= size:
            end = start + min(length, overlap + 1)
            gold.append((start, end, label))
    found = read_all(windows, gold)
    kept = are_answered_for(windows, found)
    merged = [one for (_, one), is_kept in zip(found, kept, strict=True) if is_kept]
    assert sorted((one.start, one.end, one.label) for one in merged) == gold


def tokens(one: LabelledSpan) -> set[int]:
    return set(range(one.start, one.end))


def slow_answering(windows, one):
    """Return the responsible window of a span by checking all windows."""
    [keeper] = [
        n for n, w in enumerate(windows) if w.keep_start <= one.start < w.keep_end
    ]
    holders = [
        n
        for n, w in enumerate(windows)
        if n >= keeper and w.start <= one.start and one.end <= w.end
    ]
    return holders[0] if holders else keeper


@given(
    doc=docs(),
    pair=st.tuples(st.integers(1, 12), st.integers(1, 12)),
    data=st.data(),
)
def test_it_is_what_a_look_at_all_windows_and_spans_gives(doc, pair, data):
    windows = build_strided_windows_v1(window=max(pair), stride=min(pair))(doc)
    found = []
    for _ in range(data.draw(st.integers(0, 12 if windows else 0))):
        number = data.draw(st.integers(0, len(windows) - 1))
        start = data.draw(st.sampled_from(span(windows[number])))
        end = data.draw(st.integers(start + 1, windows[number].end))
        label = data.draw(st.sampled_from("XY"))
        found.append((number, LabelledSpan(start, end, label)))
    right = [pair for pair in found if pair[0] == slow_answering(windows, pair[1])]
    expected = []
    for number, one in found:
        is_part = any(
            n != number and other.label == one.label and tokens(one) < tokens(other)
            for n, other in right
        )
        window = windows[number]
        at_edge = one.start == window.start or one.end == window.end
        expected.append((number, one) in right and not (at_edge and is_part))
    add_disputed(windows, found, expected)
    assert are_answered_for(windows, found) == expected


def add_disputed(windows, found, expected) -> None:
    """Keep the longest of those that two windows each found in the other's place, where
    nothing of the label is kept."""
    owners = [slow_answering(windows, one) for _, one in found]
    by_length = sorted(range(len(found)), key=lambda i: -len(tokens(found[i][1])))
    for i in (i for i in by_length if owners[i] != found[i][0]):
        rivals = [
            j
            for j, (_, one) in enumerate(found)
            if one.label == found[i][1].label and tokens(one) & tokens(found[i][1])
        ]
        crossed = any(
            (found[j][0], owners[j]) == (owners[i], found[i][0]) for j in rivals
        )
        expected[i] = crossed and not any(expected[j] for j in rivals)


def test_a_window_that_was_cut_for_its_characters_hides_no_other():
    """Its second part begins after the window that follows."""
    windows = [
        *(Window(0, 32, 0, 32), Window(32, 40, 32, 36)),
        *(Window(30, 62, 36, 62), Window(62, 70, 62, 70)),
    ]
    whole, half = (2, 31, 34, "X"), (0, 31, 32, "X")
    assert answered(windows, whole) == [whole]
    assert answered(windows, whole, half) == [whole]
    doc = make_doc(*["x" * 60] * 100)
    cut = build_strided_windows_v1(window=40, stride=30)(doc)
    starts = [window.start for window in cut]
    assert starts != sorted(starts)
    gold = [(start, start + 2, "X") for start in range(0, 98, 3)]
    held = [
        one for one in gold if any(w.start <= one[0] and one[1] <= w.end for w in cut)
    ]
    found = read_all(cut, gold)
    kept = are_answered_for(cut, found)
    merged = [one for (_, one), is_kept in zip(found, kept, strict=True) if is_kept]
    assert {(one.start, one.end, one.label) for one in merged} >= set(held)


@given(docs(), st.integers(1, 20), st.data())
def test_windows_that_do_not_overlap_answer_for_all_they_find(doc, max_tokens, data):
    windows = build_sentence_windows_v1(max_tokens=max_tokens)(doc)
    gold = [(w.start, w.end, "X") for w in windows]
    found = read_all(windows, gold)
    assert all(are_answered_for(windows, found))
