"""The form that models read, and the way back to the characters that were given."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_padellm.spans.normalised import normalise

texts = st.text(
    alphabet="ae o\u0301\u0323\u0308\u00e9\u212b\u1112\u1161\u11ab", max_size=10
)


@given(texts)
def test_the_text_is_that_of_nfc(text):
    assert normalise(text).text == unicodedata.normalize("NFC", text)


@given(texts, st.data())
def test_there_and_back_again_takes_marks_along(text, data):
    if not text:
        return
    normalised = normalise(text)
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start + 1, len(text)))
    own = normalised.from_given(start, end)
    assert (
        unicodedata.normalize("NFC", text[slice(*normalised.to_given(*own))])
        == (normalised.text[slice(*own)])
    )
    back = normalised.to_given(*own)
    assert back[0] <= start and end <= back[1]
    following = text[back[1] : back[1] + 1]
    assert not following or not unicodedata.combining(following)


@pytest.mark.parametrize(
    "name", ["Jos\u00e9", "Nguy\u1ec5n", "\ud55c\uad6d", "\u00c5sa", "Zq\u0303"]
)
def test_both_forms_of_a_name_are_read_alike(name):
    split = unicodedata.normalize("NFD", f"A {name} B")
    normalised = normalise(split)
    assert normalised.text == normalise(unicodedata.normalize("NFC", split)).text
    start = normalised.text.index(name)
    place = normalised.to_given(start, start + len(name))
    assert split[slice(*place)] == unicodedata.normalize("NFD", name)


def test_a_mention_without_its_accent_takes_it_along():
    normalised = normalise("q\u0303 x")
    assert normalised.to_given(0, 1) == (0, 2)


@given(st.text(alphabet="Ａａ０９ｚ，（　a\u0301", max_size=8))
def test_full_width_letters_and_digits_are_read_as_ascii(text):
    folded = text.translate(str.maketrans("Ａａ０９ｚ", "Aa09z"))
    normalised = normalise(text)
    assert normalised.text == unicodedata.normalize("NFC", folded)
    if "\u0301" not in text:
        for start in range(len(text)):
            assert normalised.to_given(start, start + 1) == (start, start + 1)


def test_edges_within_a_character_are_none():
    assert normalise("e\u0301 x").edges({0, 1, 2, 3, 4}) == {0, 1, 2, 3}
