"""Docs from annotated texts only lose overlaps, and keep exact offsets."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_padellm.corpora.base import (
    ANNOTATED_LABELS,
    AnnotatedText,
    Entity,
    ReadReport,
)
from spacy_padellm.corpora.docs import cut_words, has_overlaps, make_doc

from .conftest import unhurried


def ents(doc) -> list[tuple[str, str]]:
    return [(ent.text, ent.label_) for ent in doc.ents]


def kinds(report: ReadReport) -> list[str]:
    return [problem.kind for problem in report.problems]


@pytest.fixture
def report():
    return ReadReport(Path("some.file"), "columns")


def test_words_and_spaces_are_kept(english):
    words, spaces = ("do", "n't", "go", "to", "Rome"), (False, True, True, True, False)
    text = AnnotatedText.from_words(words, [(4, 5, "LOC")], spaces)
    doc = make_doc(english, text)
    assert [token.text for token in doc] == list(words)
    assert doc.text == text.text == "don't go to Rome"
    assert ents(doc) == [("Rome", "LOC")]


def test_a_text_without_entities_is_annotated_as_such(english):
    doc = make_doc(english, AnnotatedText.from_words(["Hello", "."]))
    assert doc.has_annotation("ENT_IOB")
    assert [token.ent_iob_ for token in doc] == ["O", "O"]


def test_labels_go_to_the_user_data_and_none_means_all(english):
    some = make_doc(english, AnnotatedText("Ada", labels=("PER", "LOC")))
    assert some.user_data[ANNOTATED_LABELS] == ("PER", "LOC")
    assert ANNOTATED_LABELS not in make_doc(english, AnnotatedText("Ada")).user_data


def test_of_overlapping_entities_the_longest_stays_and_the_rest_are_reported(
    english, report
):
    spans = [(0, 3, "ORG"), (0, 1, "LOC"), (2, 5, "PER"), (4, 5, "PER")]
    text = AnnotatedText.from_words("a b c d e".split(), spans, line=7)
    doc = make_doc(english, text, report)
    assert ents(doc) == [("a b c", "ORG"), ("e", "PER")]
    assert kinds(report) == ["entity overlaps a longer one"] * 2
    assert {problem.line for problem in report.problems} == {7}


def test_nested_entities_are_all_in_the_spans_if_asked(english, report):
    text = AnnotatedText.from_words(["New", "York"], [(0, 2, "A"), (1, 2, "B")])
    doc = make_doc(english, text, report, spans_key="sc")
    spans = {(span.text, span.label_) for span in doc.spans["sc"]}
    assert spans == {("New York", "A"), ("York", "B")}
    assert ents(doc) == [("New York", "A")]
    assert kinds(report) == [
        "entity overlaps a longer one, kept only in doc.spans['sc']"
    ]


def test_tokens_are_cut_at_the_edges_of_an_entity(english, report):
    text = AnnotatedText("at one pmnear Rome", (Entity(3, 9, "TIME"),))
    doc = make_doc(english, text, report)
    assert doc.text == text.text
    assert ents(doc) == [("one pm", "TIME")]
    assert kinds(report) == ["token cut at an entity's edge"]


def test_spaces_at_the_edges_of_an_entity_are_left_out(english, report):
    text = AnnotatedText("in Rome .", (Entity(2, 8, "LOC"), Entity(7, 8, "LOC")))
    assert ents(make_doc(english, text, report)) == [("Rome", "LOC")]
    assert kinds(report) == ["spaces at an entity's edge left out"] * 2


def test_chinese_is_split_into_characters(chinese):
    text = AnnotatedText("我在罗马 city", (Entity(2, 4, "LOC"),))
    doc = make_doc(chinese, text)
    assert doc.text == text.text
    assert ents(doc) == [("罗马", "LOC")]
    assert [token.text for token in doc][:4] == list("我在罗马")


@unhurried
@given(data=st.data(), text=st.text("ab .-好\n", min_size=1, max_size=20))
def test_entities_keep_their_characters_whatever_the_tokenizer_does(
    data, text, english
):
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start + 1, len(text)))
    doc = make_doc(english, AnnotatedText(text, (Entity(start, end, "X"),)))
    assert doc.text == text
    mention = text[start:end].strip()
    assert ents(doc) == ([(mention, "X")] if mention else [])


def test_words_are_cut_and_keep_their_spaces():
    entities = [Entity(1, 4, "X")]
    assert cut_words(["abc", "def"], [True, False], entities) == (
        ["a", "bc", "def"],
        [False, True, False],
        ["abc"],
    )


def test_overlaps_are_told_from_neighbours():
    assert has_overlaps(AnnotatedText("abc", (Entity(0, 2, "X"), Entity(1, 3, "X"))))
    assert not has_overlaps(
        AnnotatedText("abc", (Entity(0, 2, "X"), Entity(2, 3, "X")))
    )
