"""Tokens with tags in JSON, and the names of tags that are numbers."""

import json

import pytest

from .conftest import mentions, problems

WORDS = ["Ada", "Byron", "left", "Rome"]
NAMES = ["O", "B-PER", "I-PER", "B-LOC", "I-LOC"]
WANTED = [[("Ada Byron", "PER"), ("Rome", "LOC")]]
NUMBERS = {"id": "0", "tokens": WORDS, "ner_tags": [1, 2, 0, 3]}
LABEL = {"names": NAMES, "_type": "ClassLabel"}
FEATURES = {
    "tokens": {"feature": {"dtype": "string"}, "_type": "Sequence"},
    "pos_tags": {"feature": {"names": ["NN", "VB"], "_type": "ClassLabel"}},
    "ner_tags": {"feature": LABEL, "_type": "Sequence"},
}
CARD = """---
license: cc
dataset_info:
  features:
  - name: tokens
    sequence: string
  - name: ner_tags
    sequence:
      class_label:
        names:
          '0': O
          '1': B-PER
          '2': I-PER
          '3': B-LOC
          '4': I-LOC
---
# A data set
"""


@pytest.mark.parametrize(
    "row",
    [
        {"tokens": WORDS, "ner_tags": ["B-PER", "I-PER", "O", "B-LOC"]},
        {"words": WORDS, "tags": ["PER", "PER", "O", "LOC"]},
        {"tokens": WORDS, "labels": ["B-PER", "I-PER", "O", "B-LOC"],
         "full_text": "Ada Byron left Rome", "document": 7,
         "trailing_whitespace": [True, True, True, False]},
    ],
    ids=["names", "without prefix", "kaggle"],
)  # fmt: skip
@pytest.mark.parametrize("before, newline", [("", "\n"), ("\ufeff", "\r\n")])
def test_tags_with_names(corpus, row, before, newline):
    content = f"{json.dumps(row)}\n{json.dumps(row)}\n".replace("\n", newline)
    read = corpus(before + content)
    assert read.format == "token_tags"
    if "words" in row:
        row_words = [text.words for text in read.texts]
        assert row_words == [tuple(WORDS)] * 2
    assert mentions(read) == WANTED * 2
    assert problems(read) == []


def test_names_of_labels_beside_entities_are_no_tags(corpus):
    row = {"tokens": ["Ada", "left"], "entities": [[0, 1, "PER"]]}
    read = corpus(json.dumps({**row, "labels": ["PER", "LOC"]}))
    assert (read.format, mentions(read)) == ("jsonl", [[("Ada", "PER")]])


def test_spaces_are_those_of_the_file(corpus):
    row = {"tokens": ["Ada", ",", "Bo"], "labels": ["B-PER", "O", "B-PER"]}
    row["trailing_whitespace"] = [False, True, False]
    assert corpus(json.dumps(row)).texts[0].text == "Ada, Bo"


@pytest.mark.parametrize(
    "name, content",
    [
        ("dataset_info.json", json.dumps({"features": FEATURES})),
        ("dataset_infos.json", json.dumps({"default": {"features": FEATURES}})),
        ("label.json", json.dumps({name: i for i, name in enumerate(NAMES)})),
        ("labels.json", json.dumps(NAMES)),
        ("README.md", CARD),
    ],
)
@pytest.mark.parametrize("above", [False, True])
def test_names_of_numbers_are_beside_the_file_or_above(
    corpus, tmp_path, name, content, above
):
    (tmp_path / name).write_text(content)
    (tmp_path / "data").mkdir()
    read = corpus(json.dumps(NUMBERS), "data/train.jsonl" if above else "train.jsonl")
    assert read.format == "token_tags"
    assert mentions(read) == WANTED


def test_rows_of_the_dataset_viewer_have_their_features(corpus):
    features = [
        {"feature_idx": i, "name": name, "type": kind}
        for i, (name, kind) in enumerate(FEATURES.items())
    ]
    rows = [{"row_idx": 0, "row": NUMBERS, "truncated_cells": []}]
    read = corpus(json.dumps({"features": features, "rows": rows}))
    assert mentions(read) == WANTED
    assert read.texts[0].document == "0"


@pytest.mark.parametrize("found", [None, ["O", "B-PER"]])
def test_numbers_without_names_are_an_error_that_says_what_to_do(
    corpus, tmp_path, found
):
    if found:
        (tmp_path / "labels.json").write_text(json.dumps(found))
    with pytest.raises(ValueError, match=r"E216.*sample.txt:1.*up to 3.*label.json"):
        corpus(json.dumps(NUMBERS))


MISSING = [None, "-", -100, -1, float("nan"), "nan", "NaN", "None", "null", "<NA>"]


@pytest.mark.parametrize("tag", MISSING)
def test_tokens_without_a_tag_are_unknown(corpus, tmp_path, tag):
    (tmp_path / "labels.json").write_text(json.dumps(NAMES))
    numbers = isinstance(tag, int)
    tags = [1, 2, 0, tag] if numbers else ["B-PER", "I-PER", "O", tag]
    read = corpus(json.dumps({"tokens": WORDS, "ner_tags": tags}))
    assert mentions(read) == [WANTED[0][:1]]
    assert [e[:2] for e in read.texts[0].unknown] == [(15, 19)]


@pytest.mark.parametrize(
    "row",
    [
        {"tokens": WORDS, "ner_tags": ["O"]},
        {"tokens": WORDS},
        {"tokens": ["Ada", ""], "ner_tags": ["O", "O"]},
        {"tokens": WORDS, "ner_tags": ["O", "O", "O", 1.5]},
    ],
)
def test_rows_without_a_tag_for_each_token_are_reported(corpus, row):
    good = {"tokens": WORDS, "ner_tags": ["B-PER", "I-PER", "O", "B-LOC"]}
    read = corpus("\n".join(map(json.dumps, [good, row, good])))
    assert mentions(read) == WANTED * 2
    assert problems(read) == [(2, "skipped", "no tokens with a tag for each")]


@pytest.mark.parametrize("tags", [[1.0, 2.0, 0.0, 3.0], ["1", "2", "0", "3"]])
def test_numbers_of_pandas_and_strings(corpus, tmp_path, tags):
    (tmp_path / "labels.json").write_text(json.dumps(NAMES))
    assert mentions(corpus(json.dumps({"tokens": WORDS, "ner_tags": tags}))) == WANTED


@pytest.mark.parametrize("numbers", [False, True])
def test_tags_in_lower_case(corpus, tmp_path, numbers):
    (tmp_path / "labels.json").write_text(json.dumps(NAMES).lower())
    tags = [1, 2, 0, 3] if numbers else ["b-per", "i-per", "o", "b-loc"]
    read = corpus(json.dumps({"tokens": WORDS, "ner_tags": tags}))
    assert mentions(read) == [[("Ada Byron", "per"), ("Rome", "loc")]]


def test_a_missing_id_is_no_document(corpus):
    row = {"id": float("nan"), "tokens": ["Ada"], "ner_tags": ["B-PER"]}
    assert corpus(json.dumps(row)).texts[0].document == ""


@pytest.mark.parametrize("tags", [None, float("nan"), ["O"]])
def test_a_first_row_without_tags_does_not_change_the_format(corpus, tags):
    good = {"tokens": WORDS, "ner_tags": ["B-PER", "I-PER", "O", "B-LOC"]}
    read = corpus("\n".join(map(json.dumps, [{**good, "ner_tags": tags}, good])))
    assert (read.format, mentions(read)) == ("token_tags", WANTED)
    assert problems(read) == [(1, "skipped", "no tokens with a tag for each")]


def test_names_that_differ_between_configurations_are_not_guessed(corpus, tmp_path):
    def config(*names):
        return {"features": [{"name": "ner_tags", "names": list(names)}]}

    row = json.dumps({"tokens": ["Ada", "left"], "ner_tags": [1, 0]})
    info = {"a": config("O", "B-PER"), "b": config("O", "B-PER")}
    (tmp_path / "dataset_infos.json").write_text(json.dumps(info))
    assert mentions(corpus(row)) == [[("Ada", "PER")]]
    info["b"] = config("O", "B-LOC")
    (tmp_path / "dataset_infos.json").write_text(json.dumps(info))
    with pytest.raises(ValueError, match="E216"):
        corpus(row)
    (tmp_path / "label.json").write_bytes(b"\xef\xbb\xbf" + b'{"O": 0, "B-LOC": 1}')
    assert mentions(corpus(row)) == [[("Ada", "LOC")]]
