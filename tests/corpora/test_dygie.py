"""The JSON lines of DyGIE."""

import json

import pytest

from .conftest import mentions, problems


def document(ner, sentences=(["Ada", "left"], ["New", "York", "fell"])) -> str:
    return json.dumps({"doc_key": "a", "sentences": list(sentences), "ner": ner})


GOOD = document([[[0, 0, "PER"]], [[2, 3, "GPE"], [3, 3, "GPE"]]])


def test_offsets_count_the_tokens_of_the_document(corpus):
    read = corpus(GOOD)
    assert read.format == "dygie"
    assert mentions(read) == [
        [("Ada", "PER")],
        [("New York", "GPE"), ("York", "GPE")],
    ]
    assert {text.document for text in read.texts} == {"a"}
    assert problems(read) == []


def test_chinese_is_joined_without_spaces(corpus):
    read = corpus(document([[[2, 3, "GPE"]]], [list("我在罗马")]))
    assert mentions(read) == [[("罗马", "GPE")]]


@pytest.mark.parametrize(
    "mention, action, kind",
    [
        ([2, 2, "GPE"], "skipped", "entity outside its sentence"),
        ([-1, 0, "GPE"], "skipped", "entity outside its sentence"),
        ([1, 0, "GPE"], "skipped", "entity outside its sentence"),
        ([1, 1, ""], "skipped", "entity without a label"),
        ([1, 1], "skipped", "entity is not [start, end, label]"),
        ([1.0, 1, "GPE"], "skipped", "entity outside its sentence"),
        (["1", 1, "GPE"], "skipped", "entity outside its sentence"),
        (7, "skipped", "entity is not [start, end, label]"),
        ([0, 0, "PER"], "repaired", "entity listed twice"),
    ],
)
def test_an_entity_that_cannot_be_used_is_reported(corpus, mention, action, kind):
    read = corpus(document([[[0, 0, "PER"], mention], []]))
    assert mentions(read) == [[("Ada", "PER")], []]
    assert problems(read) == [(1, action, kind)]
    assert bool(read.texts[0].unknown) is (action == "skipped")


def test_tokens_of_another_sentence_are_unknown_there_too(corpus):
    read = corpus(document([[[0, 0, "PER"], [1, 2, "GPE"]], []]))
    unknown = [[t.text[e.start : e.end] for e in t.unknown] for t in read.texts]
    assert unknown == [["Ada left", "left"], ["New"]]


@pytest.mark.parametrize(
    "bad, kind",
    [
        (document([[]]), "ner is not a list for each sentence"),
        (document(None), "ner is not a list for each sentence"),
        (document([], ["Ada"]), "no sentences of tokens"),
        ("[]", "no sentences of tokens"),
    ],
)
def test_a_document_of_another_shape_is_skipped(corpus, bad, kind):
    read = corpus("\n".join([GOOD, bad]))
    assert len(read.texts) == 2
    assert problems(read) == [(2, "skipped", kind)]
