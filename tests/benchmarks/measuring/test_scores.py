"""Mentions that are not in the text, and lengths of sequences."""

from hypothesis import given
from hypothesis import strategies as st

from spacy_padellm.scoring.outputs import (
    SequenceLengths,
    WrittenMentions,
    score_lengths,
    score_mentions,
)
from spacy_padellm.types import Mention


def mentions(*strings: str, label: str = "LOC") -> list[Mention]:
    return [Mention(label, s, i, 0.0) for i, s in enumerate(strings, start=1)]


@given(
    st.lists(st.text("ab", min_size=1, max_size=4), max_size=6),
    st.lists(st.text("ab", min_size=1, max_size=4), unique=True, max_size=6),
)
def test_each_string_is_looked_for_in_its_text(words, strings):
    """Strings of one length do not hide each other, and each is written once."""
    text = " ".join(words)
    made_up = [string for string in strings if string not in text]
    scores = score_mentions([(text, mentions(*strings))])
    assert scores == WrittenMentions(len(strings), len(made_up))


def test_a_string_written_more_often_than_it_occurs_is_not_in_the_text():
    text = "Japan met Korea in Japan"
    scores = score_mentions([(text, mentions("Japan", "Japan", "Japan", "Korea"))])
    assert scores == WrittenMentions(written=4, not_in_text=1)
    assert scores.share_not_in_text == 0.25


def test_one_place_answers_for_a_mention_of_each_label():
    both = mentions("Japan") + mentions("Japan", label="ORG")
    assert score_mentions([("Japan", both)]) == WrittenMentions(2, 0)
    assert score_mentions([("Korea", both)]) == WrittenMentions(2, 2)


def test_texts_are_added_up():
    read = [("日本", mentions("日", "本")), ("", mentions("本")), ("a", [])]
    assert score_mentions(read) == WrittenMentions(written=3, not_in_text=1)


def test_nothing_written_is_a_share_of_zero():
    assert score_mentions([]).share_not_in_text == 0.0
    assert score_mentions([("text", [])]).share_not_in_text == 0.0


@given(st.lists(st.lists(st.integers(1, 50), max_size=5), max_size=5))
def test_lengths_are_means_over_sequences_and_over_documents(documents):
    lengths = score_lengths(documents)
    sequences = [length for document in documents for length in document]
    longest = [max(document) if document else 0 for document in documents]
    assert lengths.mean == (sum(sequences) / len(sequences) if sequences else 0.0)
    assert lengths.mean_steps == (sum(longest) / len(longest) if longest else 0.0)


def test_the_example_of_the_paper():
    """Side by side, two mentions take as long as the longer one."""
    lengths = score_lengths([(3, 4), (2,)])
    assert lengths == SequenceLengths(documents=2, sequences=3, tokens=9, steps=6)
    assert (lengths.mean, lengths.mean_steps) == (3.0, 3.0)
