"""A gold entity is covered if predictions have all of its letters and digits."""

import pytest
import spacy
from hypothesis import given
from spacy.tokens import Doc
from spacy.training import Example
from spacy.vocab import Vocab

from spacy_padellm.corpora.base import Entity
from spacy_padellm.scoring.covered import count_covers, cover, cover_example

from .random_docs import characters, documents, words

TEXT = "Ann-Marie Lee Jr. met -- at 4 pm"
NAME = Entity(0, 17, "PER")


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        ([(0, 17)], "whole"),
        ([(0, 32)], "whole"),
        ([(0, 16)], "whole"),  # without the full stop
        ([(0, 3), (4, 9), (10, 13), (14, 16)], "whole"),  # word by word
        ([(0, 9), (5, 16)], "whole"),  # overlapping
        ([(0, 9)], "part"),
        ([(12, 22)], "part"),
        ([(3, 4), (9, 10), (16, 22)], "none"),  # marks and spaces alone
        ([(18, 21)], "none"),
        ([], "none"),
    ],
)
def test_letters_and_digits_are_what_must_be_covered(found, expected):
    assert cover(TEXT, [NAME], found) == {NAME: expected}


def test_of_an_entity_without_letters_all_characters_must_be_covered():
    dashes = Entity(22, 24, "MISC")
    assert cover(TEXT, [dashes], [(22, 24)]) == {dashes: "whole"}
    assert cover(TEXT, [dashes], [(22, 23)]) == {dashes: "part"}


def test_each_entity_is_compared_with_all_predictions():
    ann, time = Entity(0, 9, "PER"), Entity(28, 32, "TIME")
    assert cover(TEXT, [ann, time], [(0, 29)]) == {ann: "whole", time: "part"}


def test_covers_are_counted_by_label():
    ann, lee, time = Entity(0, 3, "PER"), Entity(10, 13, "PER"), Entity(28, 32, "TIME")
    docs = [{ann: "whole", lee: "none"}, {}, {ann: "whole", time: "part"}]
    counts = count_covers(docs)
    assert counts == {"PER": {"whole": 2, "none": 1}, "TIME": {"part": 1}}


@given(documents())
def test_labels_do_not_matter_and_right_places_cover(docs):
    vocab = Vocab()
    for tokens, gold, predicted in docs:
        reference, found = Doc(vocab, words(tokens)), Doc(vocab, words(tokens))
        reference.ents = [reference.char_span(*e) for e in characters(tokens, gold)]
        others = [(start, end, "X") for start, end, _ in predicted]
        found.ents = [found.char_span(*e) for e in characters(tokens, others)]
        covered = {i for start, end, _ in predicted for i in range(start, end)}
        counts = [
            len(covered.intersection(range(start, end))) for start, end, _ in gold
        ]
        expected = [
            "whole" if n == end - start else "part" if n else "none"
            for n, (start, end, _) in zip(counts, gold, strict=True)
        ]
        covers = cover_example(Example(found, reference))
        assert [covers[Entity(*e)] for e in characters(tokens, gold)] == expected


def test_a_prediction_inside_of_a_gold_token_covers_its_own_characters():
    nlp = spacy.blank("en")
    gold = Doc(nlp.vocab, ["Ann/Lee"])
    gold.ents = [gold.char_span(0, 7, "PER")]
    predicted = Doc(nlp.vocab, ["Ann", "/", "Lee"], [False, False, False])
    predicted.ents = [predicted.char_span(0, 3, "PER")]
    assert set(cover_example(Example(predicted, gold)).values()) == {"part"}


def test_where_the_texts_differ_tokens_are_compared():
    vocab = Vocab()
    gold = Doc(vocab, ["we", "met", "Ann", "Lee"])
    gold.ents = [gold.char_span(7, 14, "PER")]
    predicted = Doc(vocab, ["we", "met", "Ann", "Lee"], [False] * 4)
    predicted.ents = [predicted.char_span(5, 8, "ORG")]
    assert set(cover_example(Example(predicted, gold)).values()) == {"part"}
    predicted.ents = [predicted.char_span(5, 11, "ORG")]
    assert set(cover_example(Example(predicted, gold)).values()) == {"whole"}
