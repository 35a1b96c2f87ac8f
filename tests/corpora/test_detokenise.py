"""Tokens of a corpus get English spacing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_padellm.corpora.base import AnnotatedText
from spacy_padellm.corpora.detokenise import detokenise

from .conftest import unhurried


def ordinary(tokens: str, hyphens: bool = False) -> str:
    text = AnnotatedText.from_words(tokens.split(" "))
    return detokenise(text, hyphens=hyphens).text


@pytest.mark.parametrize(
    "tokens, text",
    [
        ("Rome , ( Italy ) , is old .", "Rome, (Italy), is old."),
        ("He ca n't , I 'll and Ada 's", "He can't, I'll and Ada's"),
        ('She said : " Go now ! " .', 'She said: "Go now!".'),
        ("“ Hard ” and ‘ soft ’s", "“Hard” and ‘soft’s"),
        ("the workers ' union", "the workers' union"),
        ("he said ' hello ' twice", "he said 'hello' twice"),
        ("You should ' ve stayed", "You should've stayed"),
        ("at 10 : 30 for $ 5 and 3 %", "at 10:30 for $5 and 3%"),
        ("1914 – 1918 – a war", "1914–1918 – a war"),
        ("love it : )", "love it :)"),
        ("RT @ ada : # rome", "RT @ada: #rome"),
        ("and / or", "and/or"),
        ("well - known", "well - known"),
    ],
)
def test_spacing(tokens, text):
    assert ordinary(tokens) == text


@pytest.mark.parametrize(
    "tokens, text",
    [
        ("a well - known 2 - 2 draw", "a well-known 2-2 draw"),
        ("May 2 , 1895 - July 3", "May 2, 1895 - July 3"),
        ("( here ) - and there", "(here) - and there"),
    ],
)
def test_hyphens_join_and_dashes_do_not(tokens, text):
    assert ordinary(tokens, hyphens=True) == text


@unhurried
@given(
    words=st.lists(
        st.sampled_from(["Ada", '"', "'", ",", "(", ")", "-", "n't", "9", ":"])
    ),
    hyphens=st.booleans(),
    data=st.data(),
)
def test_words_and_entities_stay(words, hyphens, data):
    spans = []
    if words:
        start = data.draw(st.integers(0, len(words) - 1))
        spans = [(start, data.draw(st.integers(start + 1, len(words))), "X")]
    text = AnnotatedText.from_words(words, spans, labels=("X",), line=3)
    new = detokenise(text, hyphens=hyphens)
    assert new.words == text.words
    assert new.token_entities() == spans
    assert (new.labels, new.line) == (text.labels, text.line)


def test_real_spacing_and_raw_text_stay():
    real = AnnotatedText.from_words(["Isn", "'t", "it", "?"], (), [0, 1, 1, 0])
    assert detokenise(real) is real
    raw = AnnotatedText("Rome , Italy")
    assert detokenise(raw) is raw
