"""Windows: exactly one window keeps each token of a doc."""

import pickle
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from spacy.util import registry

from spacy_padellm.spans.sentences import sentence_ends
from spacy_padellm.spans.windows import (
    build_sentence_windows_v1,
    build_strided_windows_v1,
    build_whole_doc_v1,
    join_tokens_of,
    with_join_tokens,
)
from spacy_padellm.types import Window

from .random_docs import docs, make_doc

sentence_getters = st.builds(
    build_sentence_windows_v1,
    max_tokens=st.integers(min_value=1, max_value=20),
    join_tokens=st.integers(min_value=1, max_value=30),
)
strided_getters = st.tuples(
    st.integers(min_value=1, max_value=20), st.integers(min_value=1, max_value=20)
).map(lambda pair: build_strided_windows_v1(window=max(pair), stride=min(pair)))
getters = sentence_getters | strided_getters | st.builds(build_whole_doc_v1)


def texts(doc, windows):
    return [doc[window.start : window.end].text for window in windows]


def sentences(*lengths):
    """A doc of sentences with the given numbers of tokens."""
    words, starts = [], []
    for length in lengths:
        words += ["a"] * length
        starts += [True] + [False] * (length - 1)
    return make_doc(*words, sent_starts=starts)


@given(docs(), getters)
def test_kept_parts_tile_the_doc(doc, getter):
    windows = getter(doc)
    kept = [i for w in windows for i in range(w.keep_start, w.keep_end)]
    assert kept == list(range(len(doc)))
    for window in windows:
        assert window.start <= window.keep_start < window.keep_end <= window.end


@given(docs(), st.integers(min_value=1, max_value=20))
def test_sentence_windows_are_never_longer_than_max_tokens(doc, max_tokens):
    windows = build_sentence_windows_v1(max_tokens=max_tokens)(doc)
    assert all(window.end - window.start <= max_tokens for window in windows)


@given(docs(), st.integers(min_value=1, max_value=20))
def test_only_a_sentence_that_is_too_long_is_cut(doc, max_tokens):
    ends = sentence_ends(doc)
    windows = build_sentence_windows_v1(max_tokens=max_tokens)(doc)
    for start, end in zip([0, *ends], ends, strict=False):
        inner_cuts = [w.start for w in windows if start < w.start < end]
        assert not inner_cuts or end - start > max_tokens


@given(docs(), strided_getters)
def test_strided_boundaries_lie_in_the_middle_of_the_overlap(doc, getter):
    windows = getter(doc)
    for left, right in zip(windows, windows[1:], strict=False):
        lost_right, lost_left = left.end - left.keep_end, right.keep_start - right.start
        assert lost_right - lost_left in (0, 1)


@given(docs(), getters)
def test_a_pickled_getter_cuts_alike(doc, getter):
    assert pickle.loads(pickle.dumps(getter))(doc) == getter(doc)


def test_sentences_share_a_window_as_long_as_they_fit():
    windows = build_sentence_windows_v1(join_tokens=10)(sentences(4, 6, 3, 8))
    assert [(w.start, w.end) for w in windows] == [(0, 10), (10, 13), (13, 21)]


def test_a_sentence_longer_than_what_is_joined_stands_alone_and_whole():
    doc = sentences(4, 15, 3, 8)
    windows = build_sentence_windows_v1(max_tokens=20, join_tokens=11)(doc)
    assert [(w.start, w.end) for w in windows] == [(0, 4), (4, 19), (19, 30)]


def test_no_more_is_joined_than_a_window_holds():
    windows = build_sentence_windows_v1(max_tokens=7)(sentences(4, 3, 2))
    assert [(w.start, w.end) for w in windows] == [(0, 7), (7, 9)]


@given(docs(), sentence_getters)
def test_what_is_joined_is_short(doc, getter):
    ends = sentence_ends(doc)
    for window in getter(doc):
        if any(window.start < end < window.end for end in ends):
            assert window.end - window.start <= getter.join_tokens


def test_the_settings_win_over_the_adapters_card():
    assert with_join_tokens(build_sentence_windows_v1(), 7).join_tokens == 7
    assert with_join_tokens(build_sentence_windows_v1(), None).join_tokens is None
    told = build_sentence_windows_v1(join_tokens=5)
    assert with_join_tokens(told, 7) is told
    whole = build_whole_doc_v1()
    assert with_join_tokens(whole, 7) is whole


def test_no_more_is_joined_than_fits():
    assert join_tokens_of(build_sentence_windows_v1()) == 32
    assert join_tokens_of(build_sentence_windows_v1(join_tokens=50)) == 50
    assert join_tokens_of(build_sentence_windows_v1(max_tokens=9)) == 9
    assert join_tokens_of(build_whole_doc_v1()) is None


def test_a_long_sentence_is_cut_after_the_last_comma_in_its_second_half():
    doc = make_doc(*"a a , a a , a a a a".split())
    windows = build_sentence_windows_v1(max_tokens=8)(doc)
    assert texts(doc, windows) == ["a a , a a ,", "a a a a"]


def test_a_comma_in_the_first_half_is_too_early_to_cut():
    doc = make_doc(*"a a , a a a a a a a".split())
    windows = build_sentence_windows_v1(max_tokens=8)(doc)
    assert texts(doc, windows) == ["a a , a a a a a", "a a"]


def test_a_long_sentence_may_be_cut_after_whitespace():
    doc = make_doc(*"aaaaa", "\t", *"aaaa", spaces=[False] * 10)
    windows = build_sentence_windows_v1(max_tokens=8)(doc)
    assert [window.end for window in windows] == [6, 10]


def test_a_long_sentence_without_commas_is_cut_beside_words_in_lower_case():
    doc = make_doc(*"We met Ann Lee and Bo Ray and Cy Fox".split())
    windows = build_sentence_windows_v1(max_tokens=9)(doc)
    assert texts(doc, windows) == ["We met Ann Lee and Bo Ray and", "Cy Fox"]
    doc = make_doc(*"Ludwig van Beethoven wrote it down in Bonn".split())
    windows = build_sentence_windows_v1(max_tokens=7)(doc)
    assert texts(doc, windows)[0] == "Ludwig van Beethoven wrote it down"
    windows = build_sentence_windows_v1(max_tokens=2)(make_doc(*["ANN"] * 5))
    assert [window.end for window in windows] == [2, 4, 5]


def test_strided_windows_overlap_and_keep_their_own_half():
    doc = sentences(10)
    windows = build_strided_windows_v1(window=6, stride=4)(doc)
    assert windows == [Window(0, 6, 0, 5), Window(4, 10, 5, 10)]


def test_the_whole_doc_is_one_window():
    assert build_whole_doc_v1()(sentences(3, 4)) == [Window(0, 7, 0, 7)]


@given(getters)
def test_an_empty_doc_has_no_windows(getter):
    assert getter(make_doc()) == []


@pytest.mark.parametrize("max_tokens", [0, -1])
def test_max_tokens_below_one_is_an_error(max_tokens):
    with pytest.raises(
        ValueError, match=rf"E502.*max_tokens is {max_tokens}, .*from 1"
    ):
        build_sentence_windows_v1(max_tokens=max_tokens)


@pytest.mark.parametrize(("window", "stride"), [(4, 5), (1, 2)])
def test_a_stride_that_would_skip_tokens_is_an_error(window, stride):
    with pytest.raises(ValueError, match=rf"E231.*window = {window}.* = {stride}\."):
        build_strided_windows_v1(window=window, stride=stride)


@pytest.mark.parametrize(
    ("window", "stride", "told"),
    [(4, 0, "stride is 0"), (-2, -3, "window is -2"), ("4", 2, "window is '4'")],
)
def test_a_strided_window_has_whole_numbers_from_one_on(window, stride, told):
    with pytest.raises(ValueError, match=rf"E502.*{told},"):
        build_strided_windows_v1(window=window, stride=stride)


@pytest.mark.parametrize(
    "settings",
    [
        {"@misc": "spacy_padellm.SentenceWindows.v1"},
        {"@misc": "spacy_padellm.SentenceWindows.v1", "max_tokens": 5},
        {"@misc": "spacy_padellm.StridedWindows.v1", "window": 6, "stride": 4},
        {"@misc": "spacy_padellm.WholeDoc.v1"},
    ],
)
def test_the_getters_are_registered(settings):
    getter = registry.resolve({"windows": settings})["windows"]
    assert getter(sentences(3))[0].start == 0


@pytest.mark.parametrize(
    "getter",
    [
        build_sentence_windows_v1(),
        build_strided_windows_v1(window=100, stride=50),
    ],
)
@pytest.mark.parametrize("end", [".", "a"])
def test_a_hundred_thousand_tokens_take_a_moment(getter, end):
    doc = make_doc(*(["a"] * 9 + [end]) * 10_000)
    began = time.perf_counter()
    windows = getter(doc)
    assert time.perf_counter() - began < 5
    assert windows[-1].keep_end == 100_000


def test_a_list_is_cut_short_where_the_config_says_so():
    names = [f"Ann{i}" for i in range(30)]
    words = [word for name in names for word in (name, ",")]
    doc = make_doc("A", "sentence", ".", *words[:-1], ".", "The", "end", ".")
    windows = build_sentence_windows_v1(list_tokens=12)(doc)
    assert max(window.end - window.start for window in windows) == 12
    assert texts(doc, windows)[0] == "A sentence ."
    assert texts(doc, windows)[-1] == "The end ."
    assert all(text.endswith(",") for text in texts(doc, windows)[1:-2])
    assert len(build_sentence_windows_v1()(doc)) == 3, "not unless it does"


def test_a_sentence_with_commas_is_no_list():
    words = "When it rains , and it often does , we stay , as you know , at home ."
    doc = make_doc(*words.split())
    assert len(build_sentence_windows_v1(list_tokens=4)(doc)) == 1


@pytest.mark.parametrize("length", [30, 76, 150])
def test_windows_of_long_tokens_have_few_of_them(length):
    doc = make_doc(*["x" * length] * 60)
    windows = build_sentence_windows_v1(max_chars=500)(doc)
    assert max(len(text) for text in texts(doc, windows)) <= 500
    assert sum(window.end - window.start for window in windows) == 60


def test_a_token_longer_than_that_has_a_window_of_its_own():
    doc = make_doc("a", "x" * 600, "b")
    windows = build_sentence_windows_v1(max_chars=500)(doc)
    assert [(window.start, window.end) for window in windows] == [
        (0, 1),
        (1, 2),
        (2, 3),
    ]


def n_chars(doc, window):
    return len(doc[window.start : window.end].text)


@pytest.mark.parametrize(
    ("getter", "n_tokens", "most"),
    [
        (build_strided_windows_v1(window=100, stride=75), 100, 1200),
        (build_strided_windows_v1(window=8, stride=5), 8, 1000),
        (build_whole_doc_v1(), 400, 12 * 400),
    ],
)
@pytest.mark.parametrize("length", [60, 180, 3_000])
def test_no_window_grows_with_its_tokens(getter, n_tokens, most, length):
    doc = make_doc(*["x" * length] * 400)
    windows = getter(doc)
    kept = [i for w in windows for i in range(w.keep_start, w.keep_end)]
    assert kept == list(range(400))
    longest = max(n_chars(doc, window) for window in windows)
    assert longest <= max(most, length)
    if length < 1000:
        whole = min(most, n_tokens * length)
        assert longest > whole - 2 * length, "they are no shorter than they must be"


def test_whitespace_of_any_length_makes_no_window_longer():
    doc = make_doc("Ann", "\n" * 50_000, "Bo", spaces=[False] * 3)
    for getter in (build_strided_windows_v1(window=9, stride=9), build_whole_doc_v1()):
        assert [t.strip() for t in texts(doc, getter(doc))] == ["Ann", "", "Bo"]


def test_docs_of_words_are_not_cut_for_their_characters():
    doc = make_doc(*["Kraftfahrzeug"] * 3 * 20, *["a"] * 200)
    assert len(build_whole_doc_v1()(doc)) == 1
    doc = make_doc(*["word"] * 5_000)
    assert len(build_whole_doc_v1()(doc)) == 1
    windows = build_strided_windows_v1(window=100, stride=100)(doc)
    assert {w.end - w.start for w in windows} == {100}


def test_parts_without_a_token_to_keep_are_left_out():
    doc = make_doc(*["x" * 180] * 12)
    windows = build_strided_windows_v1(window=10, stride=1)(doc)
    assert all(w.keep_start < w.keep_end for w in windows)
    kept = [i for w in windows for i in range(w.keep_start, w.keep_end)]
    assert kept == list(range(12))
