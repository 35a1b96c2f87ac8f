"""Sentence ends come from the doc, or else from simple rules."""

import pytest
from hypothesis import given

from spacy_padellm.spans.sentences import sentence_ends

from .random_docs import docs, make_doc


def split(doc):
    ends = sentence_ends(doc)
    return [
        "|".join(token.text for token in doc[start:end])
        for start, end in zip([0, *ends], ends, strict=False)
    ]


def test_the_sentences_of_the_doc_win_over_the_rules():
    doc = make_doc("a", ".", "b", "c", sent_starts=[True, False, False, True])
    assert split(doc) == ["a|.|b", "c"]


def test_a_full_stop_before_a_space_ends_a_sentence():
    assert split(make_doc("a", ".", "b", "?!", "c")) == ["a|.", "b|?!", "c"]


def test_a_full_stop_with_no_space_after_it_does_not():
    doc = make_doc("a", ".", "b", spaces=[False, False, False])
    assert split(doc) == ["a|.|b"]


def test_an_abbreviation_that_is_one_token_does_not():
    assert split(make_doc("Mr.", "Bank")) == ["Mr.|Bank"]


def test_a_quote_glued_to_the_full_stop_belongs_to_its_sentence():
    doc = make_doc("a", ".", '"', "b", spaces=[False, False, True, False])
    assert split(doc) == ['a|.|"', "b"]


def test_a_quote_after_a_space_opens_the_next_sentence():
    doc = make_doc("a", ".", '"', "b", spaces=[False, True, False, False])
    assert split(doc) == ["a|.", '"|b']


def test_chinese_sentences_need_no_space():
    doc = make_doc(*"你好。”她说？！好", spaces=[False] * 9)
    assert split(doc) == ["你|好|。|”", "她|说|？|！", "好"]


def test_a_newline_ends_a_sentence_and_stays_with_it():
    doc = make_doc("a", " ", "\n", " ", "b", spaces=[False] * 5)
    assert split(doc) == ["a| |\n| ", "b"]


def test_other_whitespace_does_not():
    assert split(make_doc("a", " ", "b")) == ["a| |b"]


@pytest.mark.parametrize("words", [(), ("\n",), (" ", "\n\n")])
def test_a_doc_of_whitespace_has_at_most_one_sentence(words):
    assert sentence_ends(make_doc(*words)) == ([len(words)] if words else [])


@given(docs())
def test_ends_rise_to_the_length_of_the_doc(doc):
    ends = sentence_ends(doc)
    assert ends == sorted(set(ends))
    assert ends[-1:] == ([len(doc)] if len(doc) else [])
    assert 0 not in ends
