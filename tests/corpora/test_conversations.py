"""UniversalNER's conversations."""

import json

import pytest

from .conftest import mentions, problems


def conversation(text: str, *asked: tuple[str, str]) -> dict:
    turns = [("human", f"Text: {text}"), ("gpt", "I've read this text.")]
    for label, answer in asked:
        turns += [("human", f"What describes {label} in the text?"), ("gpt", answer)]
    return {"conversations": [{"from": who, "value": what} for who, what in turns]}


EXAMPLE = conversation(
    "Ann met Anna and Ann.", ("person", '["Ann", "Anna", "Ann"]'), ("place", "[]")
)


@pytest.mark.parametrize("dump", [json.dumps, lambda v: json.dumps([v], indent=1)])
def test_the_kth_like_mention_is_its_kth_whole_word(corpus, dump):
    read = corpus(dump(EXAMPLE))
    assert read.format == "conversations"
    found = [(e.start, e.end, e.label) for e in read.texts[0].entities]
    assert found == [(0, 3, "person"), (8, 12, "person"), (17, 20, "person")]


def test_the_labels_asked_are_the_labels_annotated(corpus):
    assert corpus(json.dumps(EXAMPLE)).texts[0].labels == ("person", "place")


def test_mentions_that_are_not_in_the_text_are_skipped_and_reported(corpus):
    value = conversation("Ann left.", ("person", '["Ann", "Ann", "Bo"]'))
    read = corpus(json.dumps(value))
    assert mentions(read) == [[("Ann", "person")]]
    assert problems(read) == [(1, "skipped", "mention is not in the text")] * 2


def test_answers_that_are_no_list_leave_their_label_unannotated(corpus):
    value = conversation("Ann left.", ("person", "Ann"), ("place", "[]"))
    read = corpus(json.dumps(value))
    assert read.texts[0].labels == ("place",)
    assert problems(read) == [(1, "skipped", "answer is not a JSON list")]


def test_an_answer_with_an_endless_number_loses_only_its_text(corpus):
    number = f'["Ann", {"1" * 5000}]'
    values = [conversation("Ann left.", ("person", a)) for a in (number, '["Ann"]')]
    read = corpus("\n".join(map(json.dumps, values)))
    assert mentions(read) == [[("Ann", "person")]] * 2
    assert [bool(text.unknown) for text in read.texts] == [True, False]
    assert problems(read) == [(1, "skipped", "mention is not in the text")]


@pytest.mark.parametrize("answer", ['["\\ud83d"]', '["Ann"] ["Bo"]', "[" * 100_000])
def test_an_answer_that_cannot_be_decoded_is_reported(corpus, answer):
    value = conversation("Ann left.", ("person", answer), ("place", "[]"))
    read = corpus(json.dumps(value))
    assert read.texts[0].labels == ("place",)
    assert problems(read) == [(1, "skipped", "answer is not a JSON list")]


def test_a_label_with_one_answer_of_two_is_unknown(corpus):
    value = conversation("Ann left.", ("person", "Ann"), ("person", "[]"))
    (text,) = corpus(json.dumps(value)).texts
    assert text.unknown == ((0, 9, "person"),)
