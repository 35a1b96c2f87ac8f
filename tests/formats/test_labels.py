"""Labels and the names that the model reads for them."""

import pytest

from spacy_padellm.formats.labels import label_names


def test_a_list_gives_each_label_a_name():
    assert label_names(["PER", "ORG", "LOC", "MISC", "DISH"]) == {
        "PER": "person",
        "ORG": "organization",
        "LOC": "location",
        "MISC": "other",
        "DISH": "DISH",
    }
    assert label_names(()) == {}


def test_a_table_says_the_names_itself():
    names = {"PER": "human being", "X": "Straße 東京"}
    assert label_names(names) == names
    assert list(label_names(names)) == ["PER", "X"]


@pytest.mark.parametrize(
    ("labels", "names"),
    [
        (["PER", "PERSON"], {"PER": "person", "PERSON": "PERSON"}),
        (["person", "PER"], {"person": "person", "PER": "PER"}),
        (["other", "MISC"], {"other": "other", "MISC": "MISC"}),
    ],
)
def test_two_labels_never_share_a_name(labels, names):
    assert label_names(labels) == names


def test_one_string_is_no_list_of_labels():
    with pytest.raises(ValueError, match="E503.*'PER'.*list"):
        label_names("PER")


@pytest.mark.parametrize(
    "labels",
    [
        ["PER", ""],
        ["PER", " "],
        ["PER", "A\nB"],
        ["PER", "A\r\nB"],
        ["PER", "A\u2028B"],
        ["PER", "A\n"],
        ["PER", " A"],
        {"PER": "person", "A": ""},
        {"PER": "person", "A": "a\nb"},
        {"PER": "person", "": "a"},
        ["PER", 3],
        {"PER": "person", "A": None},
    ],
)
def test_a_label_or_name_is_one_line_of_text(labels):
    faulty = list(labels)[1]
    if isinstance(labels, dict) and faulty:
        faulty = labels[faulty]
    with pytest.raises(ValueError, match="E504") as error:
        label_names(labels)
    assert repr(faulty) in str(error.value) and "PER" not in str(error.value)


@pytest.mark.parametrize(
    ("labels", "doubled"),
    [
        (["ORG", "PER", "PER"], "'PER'"),
        (["PER", "person"], "'person'"),
        ({"A": "thing", "B": "thing", "C": "c"}, "'thing'"),
    ],
)
def test_labels_or_names_that_are_the_same_are_named(labels, doubled):
    with pytest.raises(ValueError, match="E505") as error:
        label_names(labels)
    assert doubled in str(error.value) and "'C'" not in str(error.value)
