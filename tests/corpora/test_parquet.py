"""Rows of Parquet are read as the rows of JSON are, with the names of their classes."""

import json

import pyarrow
import pyarrow.parquet
import pytest
from typer.testing import CliRunner

from spacy_padellm.cli.app import app
from spacy_padellm.corpora.registry import read

from .conftest import mentions, problems

WORDS = ["Ada", "Byron", "left", "Rome"]
NAMES = ["O", "B-PER", "I-PER", "B-LOC"]
WANTED = [[("Ada Byron", "PER"), ("Rome", "LOC")]]
CLASSES = {"names": NAMES, "_type": "ClassLabel"}
TAGGED = {"id": "7", "tokens": WORDS, "ner_tags": [1, 2, 0, 3]}


def write(tmp_path, rows, features=None):
    table = pyarrow.Table.from_pylist(rows)
    if features is not None:
        info = json.dumps({"info": {"features": features}})
        table = table.replace_schema_metadata({"huggingface": info})
    path = tmp_path / "train-00000-of-00001.parquet"
    pyarrow.parquet.write_table(table, path)
    return path


@pytest.mark.parametrize(
    "feature",
    [
        {"feature": CLASSES, "_type": "Sequence"},
        {"feature": CLASSES, "_type": "List"},
        [CLASSES],
    ],
)
def test_tags_have_the_names_of_the_schema(tmp_path, feature):
    other = {"feature": {"names": ["NN"], "_type": "ClassLabel"}, "_type": "Sequence"}
    row = {**TAGGED, "pos_tags": [0, 0, 0, 0]}
    path = write(tmp_path, [row] * 3, {"ner_tags": feature, "pos_tags": other})
    found = read(path)
    assert found.format == "token_tags"
    assert mentions(found) == WANTED * 3
    assert problems(found) == []
    assert [(text.document, text.line) for text in found.texts][1] == ("7", 2)
    assert "columns id, tokens, ner_tags, pos_tags" in found.report.layout
    assert "names of ner_tags, pos_tags" in found.report.layout


def test_tags_without_names_are_refused_until_a_file_has_them(tmp_path):
    path = write(tmp_path, [TAGGED])
    with pytest.raises(ValueError, match="E216"):
        read(path)
    (tmp_path / "label.json").write_text(json.dumps(NAMES))
    assert mentions(read(path)) == WANTED


def test_a_class_that_is_unknown_leaves_its_token_unknown(tmp_path):
    row = {**TAGGED, "ner_tags": [1, 2, 0, -1]}
    [text] = read(write(tmp_path, [row], {"ner_tags": [CLASSES]})).texts
    assert [e[:2] for e in text.unknown] == [(15, 19)]


@pytest.mark.parametrize("key", ["entities", "spans"])
def test_texts_with_lists_of_entities(tmp_path, key):
    rows = [
        {"text": "Ada left", key: [{"start": 0, "end": 3, "label": "PER"}], "id": "a"},
        {"text": "Yes", key: [], "id": None},
    ]
    found = read(write(tmp_path, rows))
    assert (found.format, mentions(found)) == ("jsonl", [[("Ada", "PER")], []])
    assert [text.document for text in found.texts] == ["a", ""]


def test_a_table_of_lists_is_a_list_of_entities(tmp_path):
    spans = {"start": [0, 9], "end": [3, 13], "label": [0, 1]}
    label = {"names": ["PER", "LOC"], "_type": "ClassLabel"}
    value = {"dtype": "int64", "_type": "Value"}
    inner = {"start": value, "end": value, "label": label}
    features = {"entities": {"feature": inner, "_type": "Sequence"}}
    found = read(
        write(tmp_path, [{"text": "Ada left Rome", "entities": spans}], features)
    )
    assert mentions(found) == [[("Ada", "PER"), ("Rome", "LOC")]]


def test_other_shapes_of_json_are_read_from_parquet_too(tmp_path):
    turns = [
        {"from": "human", "value": "Text: Ada left"},
        {"from": "gpt", "value": "I've read this text."},
        {"from": "human", "value": "What describes person in the text?"},
        {"from": "gpt", "value": '["Ada"]'},
    ]
    found = read(write(tmp_path, [{"conversations": turns}]))
    assert found.format == "conversations"
    assert mentions(found) == [[("Ada", "person")]]


def test_convert_says_what_it_understood(tmp_path):
    path = write(tmp_path, [TAGGED], {"ner_tags": [CLASSES]})
    done = CliRunner().invoke(app, ["convert", str(path), str(tmp_path / "a.spacy")])
    assert done.exit_code == 0, done.output
    assert "Layout: Parquet with the columns id, tokens, ner_tags" in done.output


def test_what_cannot_be_read_is_an_error_that_says_why(tmp_path):
    path = write(tmp_path, [{"a": 1, "b": "x"}])
    with pytest.raises(ValueError, match="E218.*parquet.*columns a, b"):
        read(path)
    with pytest.raises(ValueError, match="E221.*columns"):
        read(path, "columns")
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(ValueError, match="E219.*parquet"):
        read(path)


@pytest.mark.parametrize("missing", [None, "nan", "None"])
def test_a_tag_that_is_missing_leaves_its_token_unknown(tmp_path, missing):
    row = {"tokens": WORDS, "ner_tags": ["B-PER", "I-PER", "O", missing]}
    found = read(write(tmp_path, [row]))
    assert mentions(found) == [[("Ada Byron", "PER")]]
    assert [e[:2] for e in found.texts[0].unknown] == [(15, 19)]


def test_numbers_that_are_nan_are_missing(tmp_path):
    (tmp_path / "label.json").write_text(json.dumps(NAMES))
    row = {"tokens": WORDS, "ner_tags": [1.0, 2.0, 0.0, float("nan")]}
    found = read(write(tmp_path, [row]))
    assert mentions(found) == [[("Ada Byron", "PER")]]
    assert [e[:2] for e in found.texts[0].unknown] == [(15, 19)]


def test_names_of_classes_in_lower_case(tmp_path):
    classes = {"names": [name.lower() for name in NAMES], "_type": "ClassLabel"}
    found = read(write(tmp_path, [TAGGED], {"ner_tags": [classes]}))
    assert mentions(found) == [[("Ada Byron", "per"), ("Rome", "loc")]]


def test_times_of_pandas_are_no_reason_to_fail(tmp_path):
    """It counts nanoseconds, which Python's times cannot hold."""
    tagged = {**TAGGED, "ner_tags": [NAMES[n] for n in TAGGED["ner_tags"]]}
    table = pyarrow.Table.from_pylist([tagged])
    for name, type in {
        "made": pyarrow.timestamp("ns", "UTC"),
        "took": pyarrow.duration("ns"),
        "at": pyarrow.time64("ns"),
    }.items():
        table = table.append_column(name, pyarrow.array([1001], type))
    path = tmp_path / "train.parquet"
    pyarrow.parquet.write_table(table, path)
    assert mentions(read(path)) == WANTED
