"""Tags of tokens beside a list of entities."""

import json

import pytest

from spacy_padellm.corpora.claims import Claim
from spacy_padellm.corpora.json_tags import names_in, tag_claims

from .conftest import mentions, problems

TEXT = "Ada Byron left Rome"
WORDS = TEXT.split()
TAGS = ["B-PER", "I-PER", "O", "B-LOC"]
WANTED = [[("Ada Byron", "PER"), ("Rome", "LOC")]]
OTHER_LIST = "entity of a second list, which is not read"


@pytest.mark.parametrize("empty", [[], None])
@pytest.mark.parametrize("key", ["entities", "spans", "named"])
@pytest.mark.parametrize("tags_key", ["ner_tags", "tags", "labels", "ner"])
@pytest.mark.parametrize("extra", [{}, {"text": TEXT}])
def test_an_empty_list_does_not_hide_the_tags(corpus, empty, key, tags_key, extra):
    row = {"tokens": WORDS, tags_key: TAGS, key: empty, **extra}
    read = corpus(json.dumps(row))
    assert (mentions(read), problems(read)) == (WANTED, [])
    assert (read.texts[0].unknown, read.texts[0].labels) == ((), None)


def test_tags_that_agree_with_the_list_say_nothing_more(corpus):
    row = {"tokens": WORDS, "ner_tags": TAGS}
    row["entities"] = [[0, 2, "PER"], [3, 4, "LOC"]]
    rows = [row, {**row, "entities": [], "ner_tags": ["O"] * 4}]
    rows += [{**row, "ner_tags": [1, 2, 0, 5]}, {**row, "ner_tags": ["O"] * 4}]
    read = corpus("\n".join(map(json.dumps, rows)))
    assert mentions(read) == [*WANTED, [], *WANTED, *WANTED]
    assert problems(read) == []


@pytest.mark.parametrize("extra", [{}, {"text": TEXT}])
@pytest.mark.parametrize("tags", [TAGS, [1, 2, 0, 5]])
def test_what_only_the_tags_have_is_unknown(corpus, extra, tags):
    entities = [[0, 9, "PER"]] if extra else [[0, 2, "PER"]]
    row = {"tokens": WORDS, "ner_tags": tags, "entities": entities, **extra}
    read = corpus(json.dumps(row))
    assert mentions(read) == [[("Ada Byron", "PER")]]
    assert [part[:2] for part in read.texts[0].unknown] == [(15, 19)]
    assert problems(read) == [(1, "skipped", OTHER_LIST)]


@pytest.mark.parametrize("tags", [[0, 0, 0, 5], [0] * 4, [0.0, 1, 2, 3], ["1"] * 4])
@pytest.mark.parametrize("extra", [{}, {"text": TEXT}])
def test_numbers_beside_an_empty_list_are_unknown(corpus, tags, extra):
    row = {"tokens": WORDS, "ner_tags": tags, "entities": [], **extra}
    good = {"tokens": WORDS, "entities": [[0, 2, "PER"]]}
    read = corpus("\n".join(map(json.dumps, [good, row])))
    assert [part[:2] for part in read.texts[1].unknown] == [(0, len(TEXT))]
    with pytest.raises(ValueError, match=r"E214.*txt:1.*numbers.*label.json"):
        corpus(json.dumps(row))


def test_numbers_beside_a_list_have_the_names_beside_the_file(corpus, tmp_path):
    (tmp_path / "label.json").write_text(json.dumps(["O", "B-PER", "I-PER", "B-LOC"]))
    row = {"tokens": WORDS, "ner_tags": [1, 2, 0, 3], "entities": []}
    rows = [row, {**row, "ner_tags": [0] * 4}, {**row, "entities": [[0, 2, "PER"]]}]
    rows += [{**row, "ner_tags": [1, 2, 0, -1]}, {**row, "ner_tags": [1, 2, 0, 9]}]
    read = corpus("\n".join(map(json.dumps, rows)))
    per = [("Ada Byron", "PER")]
    assert mentions(read) == [*WANTED, [], per, per, []]
    unknown = [[part[:2] for part in text.unknown] for text in read.texts]
    assert unknown == [[], [], [(15, 19)], [(15, 19)], [(0, 19)]]


@pytest.mark.parametrize(
    "row",
    [
        {"tokens": WORDS, "ner_tags": ["B-PER", "I-PER", "O"]},
        {"tokens": WORDS, "ner_tags": ["B-PER", "I-PER", "O", 1.5]},
        {"tokens": WORDS, "ner_tags": ["B-PER", "I-PER", "O", "?"]},
        {"text": TEXT, "ner_tags": TAGS},
        {"tokens": WORDS, "ner_tags": " ".join(TAGS)},
        {"tokens": WORDS, "ner_tags": [[tag] for tag in TAGS]},
        {"tokens": WORDS, "ner_tags": ["B", "I", "O", "B"]},
        {"tokens": WORDS, "ner": {"PER": ["Ada Byron"]}},
    ],
)
def test_what_is_no_tag_for_each_token_leaves_the_text_unknown(corpus, row):
    good = {"text": TEXT, "entities": [[0, 9, "PER"]]}
    rows = [{**row, "entities": []}, good]
    read = corpus("\n".join(map(json.dumps, rows)))
    assert mentions(read) == [[], [("Ada Byron", "PER")]]
    assert [part[:2] for part in read.texts[0].unknown] == [(0, len(TEXT))]


@pytest.mark.parametrize("tags", [["B", "I", "O", "B"], ["?"] * 4, TAGS[:2], "O"])
def test_only_beside_an_empty_list_such_tags_are_a_claim(tags):
    row = {"tokens": WORDS, "ner_tags": tags}
    claims = [
        tag_claims(row, "ner_tags", TEXT, names_in([row]), alone=alone)
        for alone in (True, False)
    ]
    assert claims == [[Claim(None, None, None, str(tags), claims[0][0].fault)], []]


def test_tags_in_lower_case(corpus):
    row = {"tokens": WORDS, "ner_tags": [tag.lower() for tag in TAGS], "entities": []}
    rows = [row, {**row, "ner_tags": ["i-per", "i-per", "o", "i-loc"]}]
    read = corpus("\n".join(map(json.dumps, rows)))
    assert mentions(read) == [[("Ada Byron", "per"), ("Rome", "loc")]] * 2


@pytest.mark.parametrize("missing", [None, float("nan"), "nan", "None"])
@pytest.mark.parametrize("empty", [[], float("nan")])
def test_tokens_without_a_tag_are_unknown(corpus, missing, empty):
    row = {"tokens": WORDS, "ner_tags": ["B-PER", "I-PER", "O", missing]}
    row["spans"] = empty
    read = corpus(json.dumps(row))
    assert mentions(read) == [[("Ada Byron", "PER")]]
    assert [part[:2] for part in read.texts[0].unknown] == [(15, 19)]


def test_tags_of_other_tokens_leave_the_text_unknown(corpus):
    row = {"tokens": ["Ada", "##Byron", "left", "Rome"], "ner_tags": TAGS}
    good = {"text": TEXT, "entities": [[0, 9, "PER"]]}
    rows = [good, {**row, "text": TEXT, "entities": []}]
    read = corpus("\n".join(map(json.dumps, rows)))
    assert {part[:2] for part in read.texts[1].unknown} == {(0, len(TEXT))}


@pytest.mark.parametrize(
    "extra",
    [{"tags": ["NNP", "NNP", "VBD", "NNP"]}, {"labels": ["PER", "LOC", "ORG", "GPE"]}],
)
def test_parts_of_speech_and_names_of_labels_are_no_tags(corpus, extra):
    read = corpus(json.dumps({"tokens": WORDS, "entities": [], **extra}))
    assert (mentions(read), read.texts[0].unknown) == ([[]], ())


@pytest.mark.parametrize("key", ["label", "annotations", "ner"])
@pytest.mark.parametrize(
    "extra",
    [
        {"ner_tags": ["O"] * 4},
        {"tags": ["O"] * 4},
        {"tags": ["NNP", "NNP", "VBD", "NNP"]},
    ],
)
def test_tags_do_not_hide_a_list_of_entities(corpus, key, extra):
    entities = [{"start": 0, "end": 2, "label": "PER"}]
    read = corpus(json.dumps({"tokens": WORDS, **extra, key: entities}))
    assert mentions(read) == [[("Ada Byron", "PER")]]


def test_letters_that_stand_for_numbers_are_not_understood(corpus, tmp_path):
    (tmp_path / "label.json").write_text(json.dumps(["O", "B", "I"]))
    row = {"tokens": WORDS, "ner_tags": [1, 2, 0, 1], "entities": []}
    with pytest.raises(ValueError, match="E214.*letters without a label"):
        corpus(json.dumps(row))
