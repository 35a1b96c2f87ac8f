"""Tokens that are too long to be words are in no window."""

from spacy_padellm.spans.long_tokens import LONGEST, long_tokens, without_tokens
from spacy_padellm.types import Window

from .random_docs import make_doc

LONG = "x" * (LONGEST + 1)


def test_tokens_of_hundreds_of_characters_are_long_and_whitespace_is_not():
    doc = make_doc("a", LONG, "x" * LONGEST, " " * 300)
    assert [token.i for token in long_tokens(doc)] == [1]


def test_windows_are_split_around_them():
    doc = make_doc("a", "b", LONG, "c", LONG, LONG)
    windows = without_tokens([Window(0, 6, 0, 6)], long_tokens(doc))
    assert windows == [Window(0, 2, 0, 2), Window(3, 4, 3, 4)]
    assert without_tokens([Window(0, 6, 0, 6)], []) == [Window(0, 6, 0, 6)]


def test_a_part_that_keeps_nothing_is_left_to_its_neighbour():
    doc = make_doc("a", "b", "c", LONG, "d", "e", "f")
    windows = [Window(0, 5, 0, 4), Window(2, 7, 4, 7)]
    assert without_tokens(windows, long_tokens(doc)) == [
        Window(0, 3, 0, 3),
        Window(4, 7, 4, 7),
    ]
