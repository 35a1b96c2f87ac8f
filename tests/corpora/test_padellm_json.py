"""The paper's format, with all units of offsets."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_padellm.corpora.padellm_json import KNOWN, characters, token_edges

from .conftest import mentions, problems, unhurried

TEXT = "Ada Byron left New York ."


def line(*entities, text=TEXT) -> str:
    return json.dumps([text, *entities])


@pytest.mark.parametrize(
    "entities, words",
    [
        ([[0, 1, "Ada Byron", "PER"], [3, 4, "New York", "LOC"]], True),
        ([[0, 2, "Ada Byron", "PER"], [3, 5, "New York", "LOC"]], True),
        ([[0, 8, "Ada Byron", "PER"], [15, 22, "New York", "LOC"]], False),
        ([[0, 9, "Ada Byron", "PER"], [15, 23, "New York", "LOC"]], False),
    ],
)
def test_what_offsets_count_is_guessed_from_the_mentions(corpus, entities, words):
    read = corpus(line(*entities))
    assert read.format == "padellm"
    assert mentions(read) == [[("Ada Byron", "PER"), ("New York", "LOC")]]
    assert (read.texts[0].words is not None) is words
    assert problems(read) == []


@unhurried
@given(
    words=st.lists(st.sampled_from(["a", "bb", "c c", "ñ", "好"]), min_size=1),
    data=st.data(),
)
def test_offsets_of_every_kind_name_the_same_characters(words, data):
    text = " ".join(words)
    tokens = token_edges(text)
    start = data.draw(st.integers(0, len(tokens) - 1))
    end = data.draw(st.integers(start + 1, len(tokens)))
    expected = tokens[start][0], tokens[end - 1][1]
    for known in KNOWN:
        first, last = (start, end) if known.unit == "tokens" else expected
        found = characters(first, last - known.end_inclusive, tokens, known)
        assert found == expected


def test_nested_entities_are_all_read(corpus):
    read = corpus(line([0, 1, "Ada Byron", "PER"], [1, 1, "Byron", "PER"]))
    assert mentions(read) == [[("Ada Byron", "PER"), ("Byron", "PER")]]


def test_an_entity_that_is_not_at_its_offsets_moves_to_its_only_place(corpus):
    good = line([0, 1, "Ada Byron", "PER"])
    read = corpus("\n".join([good, line([2, 3, "New York", "LOC"])]))
    assert mentions(read)[1] == [("New York", "LOC")]
    assert problems(read) == [(2, "repaired", "entity moved to its mention")]


@pytest.mark.parametrize(
    "entity, kind",
    [
        ([0, 99, "Bonn", "LOC"], "mention is not at its offsets"),
        ([-5, -1, "Bonn", "LOC"], "mention is not at its offsets"),
        (["0", None, "Bonn", "LOC"], "mention is not at its offsets"),
        ([0, 1, "", "LOC"], "mention is not at its offsets"),
        ([0, 0, "Ada", ""], "entity without a label"),
        ([0, 0, "Ada"], "entity is not [start, end, mention, label]"),
        ("Ada", "entity is not [start, end, mention, label]"),
    ],
)
def test_entities_that_cannot_be_used_are_skipped_and_reported(corpus, entity, kind):
    good = line([0, 1, "Ada Byron", "PER"], [3, 4, "New York", "LOC"])
    read = corpus("\n".join([good, line(entity)]))
    assert mentions(read)[1] == []
    assert problems(read) == [(2, "skipped", kind)]


@pytest.mark.parametrize("bad", ["[3]", "[]", '{"text": "a"}', "null", "[broken"])
def test_lines_of_another_shape_are_skipped_and_reported(corpus, bad):
    read = corpus("\n".join([line(), bad, line()]))
    assert len(read.texts) == 2
    assert [(n, action) for n, action, _ in problems(read)] == [(2, "skipped")]
    assert read.report.lost == 1


def test_what_offsets_count_can_be_given(corpus):
    read = corpus(line([0, 2, "Ada", "X"]), unit="tokens", end_inclusive=True)
    assert problems(read) == [(1, "repaired", "entity moved to its mention")]
