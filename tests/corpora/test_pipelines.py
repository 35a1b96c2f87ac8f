"""What pipelines of transformers give for each token."""

import json

import pytest

from .conftest import mentions, problems

TEXT = "Ada Lovelace met Bo, Cy and Di in New York"


def tokens(*pairs: tuple[str, str], **details) -> list[dict]:
    """A token for each (tag, word). Its place is the first one after the last."""
    found, at = [], 0
    for number, (tag, word) in enumerate(pairs, 1):
        at = TEXT.index(word, at)
        place = {"start": at, "end": at + len(word), "index": number, **details}
        found.append({"entity": tag, "score": 0.9, "word": f"##{word}", **place})
        at += len(word)
    return found


def read(corpus, raws: list):
    return corpus(json.dumps({"text": TEXT, "entities": raws}))


@pytest.mark.parametrize("letters", ["BIIBBBI", "IIIIIII", "BIESSBE", "BILUUBL"])
def test_consecutive_tokens_are_joined(corpus, letters):
    words = ["Ada", "Love", "lace", "Bo", "Cy", "New", "York"]
    labels = ["PER"] * 5 + ["LOC"] * 2
    tags = [f"{a}-{label}" for a, label in zip(letters, labels, strict=True)]
    joined = read(corpus, tokens(*zip(tags, words, strict=True)))
    people = [(name, "PER") for name in ("Ada Lovelace", "Bo", "Cy")]
    assert mentions(joined) == [[*people, ("New York", "LOC")]]
    assert problems(joined) == []


def test_tags_may_be_labels_alone_and_o_is_none(corpus):
    raws = tokens(("PER", "Ada"), ("PER", "Lovelace"), ("O", "met"), ("PER", "Bo"))
    assert mentions(read(corpus, raws)) == [[("Ada Lovelace", "PER"), ("Bo", "PER")]]


def test_o_needs_no_index(corpus):
    raws = tokens(("B-PER", "Ada"), ("O", "met"))
    for raw in raws:
        del raw["index"]
    assert mentions(read(corpus, raws)) == [[("Ada", "PER")]]


@pytest.mark.parametrize("second", ["B-PER", "I-LOC", "S-PER"])
def test_a_new_entity_begins_with_b_or_another_label(corpus, second):
    raws = tokens(("I-PER", "New"), (second, "York"))
    wanted = [("New", "PER"), ("York", second[2:])]
    assert mentions(read(corpus, raws)) == [wanted]


def test_a_token_that_is_a_part_of_a_word_is_unknown(corpus):
    good = json.dumps({"text": TEXT, "entities": [[0, 3, "PER"]]})
    row = {"text": TEXT, "entities": tokens(("B-PER", "Love"), ("B-PER", "lace"))}
    half = corpus(good + "\n" + json.dumps(row))
    assert problems(half) == [(2, "skipped", "entity cuts a word")] * 2
    assert half.texts[1].unknown


def test_tokens_without_offsets_are_unknown(corpus):
    with pytest.raises(ValueError, match="E214.*entity without offsets"):
        read(corpus, tokens(("B-PER", "Ada"), ("I-PER", "Lovelace"), start=None))


def test_an_entity_of_rasa_may_be_called_like_a_tag(corpus):
    raws = [
        {"start": 0, "end": 3, "value": "Ada", "entity": "B-PER"},
        {"start": 4, "end": 12, "value": "Lovelace", "entity": "E-mail"},
    ]
    labels = [label for _, label in mentions(read(corpus, raws))[0]]
    assert labels == ["B-PER", "E-mail"]
