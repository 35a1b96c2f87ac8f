"""CSV with a list of entities in a cell."""

import csv
import io
import json

import pytest

from spacy_padellm.corpora.csv_entities import MOST_PYTHON, entity_list

from .conftest import mentions, problems

TEXT = 'Ada said "hi",\nin Rome.'
PAIRS = [[("Ada", "PER"), ("Rome", "LOC")]]
SHAPES = {
    "tuples": [(0, 3, "PER"), (18, 22, "LOC")],
    "lists": [[0, 3, "PER"], [18, 22, "LOC"]],
    "objects": [
        {"start": 0, "end": 3, "label": "PER"},
        {"start": 18, "end": 22, "label": "LOC", "text": "Rome"},
    ],
}


def table(*rows: tuple[str, ...], header: str = "text,entities") -> str:
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerows([header.split(","), *rows])
    return file.getvalue()


@pytest.mark.parametrize("header", ["text,entities", "text,spans", "Text,annotations"])
@pytest.mark.parametrize("write", [repr, json.dumps])
@pytest.mark.parametrize("shape", SHAPES)
def test_lists_are_read_as_python_and_json_write_them(corpus, shape, write, header):
    read = corpus(table((TEXT, write(SHAPES[shape])), ("No one.", "[]"), header=header))
    assert (read.format, problems(read)) == ("csv", [])
    assert mentions(read) == [*PAIRS, []]


def test_label_studios_own_export(corpus):
    labels = [{"start": 0, "end": 3, "text": "Ada", "labels": ["PER"]}]
    row = ("7", "1", "2", json.dumps(labels), "3.1", "Ada left.")
    again = ("8", "2", "2", "[]", "1.0", "Ada left.")
    header = "annotation_id,annotator,id,label,lead_time,text"
    read = corpus(table(row, again, header=header))
    assert mentions(read) == [[("Ada", "PER")]]
    assert [action for _, action, _ in problems(read)] == ["left out"]
    assert read.texts[0].document == "2"


@pytest.mark.parametrize(
    "cell, kind",
    [
        ("", "text without a list of entities"),
        ("nan", "text without a list of entities"),
        ("[(0, 3", "cell is not a list of entities"),
        ("{'PER': 'Ada'}", "cell is not a list of entities"),
        ("3", "cell is not a list of entities"),
        ("[len('Ada')]", "cell is not a list of entities"),
    ],
)
def test_a_row_without_a_list_is_skipped(corpus, cell, kind):
    read = corpus(table((TEXT, str(SHAPES["tuples"])), ("Bo left.", cell)))
    assert mentions(read) == PAIRS
    assert problems(read) == [(4, "skipped", kind)]


def test_the_first_annotation_that_has_a_list_is_read(corpus):
    labels = json.dumps([{"start": 0, "end": 3, "text": "Ada", "labels": ["PER"]}])
    rows = [("1", cell, "3.1", "Ada left.") for cell in ("", labels, "[]")]
    read = corpus(table(*rows, header="id,label,lead_time,text"))
    assert mentions(read) == [[("Ada", "PER")]]
    actions = [action for _, action, _ in problems(read)]
    assert actions == ["skipped", "left out"]


def test_a_long_cell_of_python_says_that_it_is_too_long(corpus):
    long = "[(0, 3, 'PER')," + " " * MOST_PYTHON + "]"
    read = corpus(table((TEXT, str(SHAPES["tuples"])), (TEXT + " ", long)))
    assert "too long" in problems(read)[0][2]


def test_entities_of_another_shape_are_unknown(corpus):
    read = corpus(table(("Ada met Bo.", "[(0, 3, 'PER'), 'Bo']")))
    assert mentions(read) == [[("Ada", "PER")]]
    assert problems(read) == [(2, "skipped", "entity of another shape")]


@pytest.mark.parametrize("cell", ["[" * 100_000, "[1" + ", 1" * MOST_PYTHON + ",]"])
def test_a_cell_that_is_too_deep_or_long_is_no_list(cell):
    assert entity_list(cell) is None
