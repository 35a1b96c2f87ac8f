"""GLiNER's training data."""

import json

import pytest

from .conftest import mentions, problems

WORDS = ["😀", "Ada", "Byron", "left", "Rome"]
NER = [[1, 2, "person"], [2, 2, "surname"], [4, 4, "city"]]
WANTED = [("Ada Byron", "person"), ("Byron", "surname"), ("Rome", "city")]


@pytest.mark.parametrize("before, newline", [("", "\n"), ("\ufeff", "\r\n")])
@pytest.mark.parametrize("indent", [None, 1])
def test_ends_are_inclusive_and_spans_may_nest(corpus, before, newline, indent):
    rows = [
        {"tokenized_text": WORDS, "ner": NER},
        {"tokenized_text": ["Hm"], "ner": []},
    ]
    lines = "\n".join(map(json.dumps, rows))
    for content in (lines, json.dumps(rows, indent=indent)):
        read = corpus(before + content.replace("\n", newline))
        assert read.format == "gliner"
        assert mentions(read) == [WANTED, []]
        assert problems(read) == []


@pytest.mark.parametrize(
    "entity, kind",
    [
        ([4, 5, "city"], "entity outside the text"),
        ([-1, 0, "city"], "entity outside the text"),
        ([3, 2, "city"], "entity outside the text"),
        ([4, 4, ""], "entity without a label"),
        ([4, 4], "entity is not [start, end, label]"),
        (["4", "4", "city"], "entity is not [start, end, label]"),
        ({"start": 4}, "entity is not [start, end, label]"),
    ],
)
def test_what_cannot_be_used_is_unknown(corpus, entity, kind):
    read = corpus(json.dumps({"tokenized_text": WORDS, "ner": [*NER[:2], entity]}))
    assert mentions(read) == [WANTED[:2]]
    assert problems(read) == [(1, "skipped", kind)]
    assert read.texts[0].unknown


@pytest.mark.parametrize(
    "row",
    [{"tokenized_text": []}, {"tokenized_text": ["a", 1], "ner": []}, {"ner": []}],
)
def test_rows_of_another_structure_are_reported(corpus, row):
    good = {"tokenized_text": WORDS, "ner": NER}
    read = corpus("\n".join(map(json.dumps, [good, row])))
    assert problems(read) == [(2, "skipped", "no tokenized_text with ner")]


@pytest.mark.parametrize(
    "named, labels",
    [
        ({}, None),
        ({"ner_labels": ["city", "river"]}, ("city", "river", "person", "surname")),
        ({"ner_negatives": ["river"]}, ("river", "person", "surname", "city")),
        ({"ner_labels": [], "ner_negatives": []}, None),
        ({"ner_negatives": "river"}, None),
        ({"ner_labels": ["city"], "ner_negatives": [1]}, ("city", "person", "surname")),
    ],
)
def test_an_item_may_say_which_labels_it_was_annotated_for(corpus, named, labels):
    read = corpus(json.dumps({"tokenized_text": WORDS, "ner": NER, **named}))
    assert (mentions(read), read.texts[0].labels) == ([WANTED], labels)
