"""Labels and the names that the model reads for them."""

import pytest

from spacy_padellm.labels import label_names
from spacy_padellm.pipeline.labels import with_labels


def test_a_list_gives_each_label_a_name():
    assert label_names(["PER", "ORG", "LOC", "MISC", "DISH"]) == {
        "PER": "person",
        "ORG": "organization",
        "LOC": "location",
        "MISC": "other",
        "DISH": "DISH",
    }
    assert label_names(()) == {}


def test_the_labels_of_spacys_english_pipelines_get_names_that_say_something():
    ontonotes = """CARDINAL DATE EVENT FAC GPE LANGUAGE LAW LOC MONEY NORP ORDINAL ORG
    PERCENT PERSON PRODUCT QUANTITY TIME WORK_OF_ART"""
    names = label_names(ontonotes.split())
    assert not {label for label, name in names.items() if label == name}
    assert len(set(names.values())) == len(names) == 18
    assert names["GPE"] == "country, city or state"
    assert names["MONEY"] == "amount of money"


def test_a_table_says_the_names_itself():
    names = {"PER": "human being", "X": "Straße 東京"}
    assert label_names(names) == names
    assert list(label_names(names)) == ["PER", "X"]


@pytest.mark.parametrize(
    ("labels", "names"),
    [
        (["PER", "PERSON"], {"PER": "person", "PERSON": "PERSON"}),
        (["person", "PER"], {"person": "person", "PER": "PER"}),
        (["PER", "person"], {"PER": "PER", "person": "person"}),
        (["PER", "PERSON", "person"], dict.fromkeys(["PER", "PERSON", "person"])),
        (["other", "MISC"], {"other": "other", "MISC": "MISC"}),
    ],
)
def test_two_labels_never_share_a_name(labels, names):
    assert label_names(labels) == {
        label: name or label for label, name in names.items()
    }


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
        ["PER", "A\ud800"],
        ["PER", "\udfffA"],
        {"PER": "person", "\ud83d": "\ud83d"},
        {"PER": "person", "A": "a\ude00b"},
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
        ({"A": "thing", "B": "thing", "C": "c"}, "'thing'"),
    ],
)
def test_labels_or_names_that_are_the_same_are_named(labels, doubled):
    with pytest.raises(ValueError, match="E505") as error:
        label_names(labels)
    assert doubled in str(error.value) and "'C'" not in str(error.value)


@pytest.mark.parametrize(
    ("table", "name"),
    [
        ({"name": "person"}, "person"),
        ({"name": "human", "description": "a real one"}, "human (a real one)"),
        ({"description": "people"}, "person (people)"),
    ],
)
def test_a_description_stands_behind_the_name(table, name):
    """Without a name it stands behind the label's usual one."""
    assert label_names({"PER": table, "LOC": "place"}) == {"PER": name, "LOC": "place"}


def test_a_label_without_a_usual_name_is_its_own():
    assert label_names({"DISH": {"description": "to eat"}}) == {"DISH": "DISH (to eat)"}


@pytest.mark.parametrize(
    "table",
    [
        {},
        {"colour": "red"},
        {"name": "person", "colour": "red"},
        {"name": 3},
        {"name": "person", "description": None},
        {"name": ["person"]},
    ],
)
def test_a_table_of_another_kind_is_refused_and_named(table):
    with pytest.raises(ValueError, match="E512.*'PER'.*`description`") as error:
        label_names({"LOC": "place", "PER": table})
    assert repr(table) in str(error.value)


@pytest.mark.parametrize(
    ("table", "code"),
    [
        ({"name": "person", "description": "of\nflesh"}, "E504"),
        ({"name": " person"}, "E504"),
        ({"name": "person", "description": "\ud800"}, "E504"),
        ({"name": "", "description": ""}, "E504"),
        ({"name": "place"}, "E505"),
    ],
)
def test_a_described_name_is_checked_as_any_other(table, code):
    with pytest.raises(ValueError, match=code):
        label_names({"LOC": "place", "PER": table})


def test_a_description_may_tell_two_labels_apart():
    tables = {
        label: {"name": "person", "description": f"who {verb}"}
        for label, verb in (("BUYER", "buys"), ("SELLER", "sells"))
    }
    assert label_names(tables) == {
        "BUYER": "person (who buys)",
        "SELLER": "person (who sells)",
    }


def test_an_added_label_takes_no_name_that_another_label_has_or_is_called():
    assert with_labels({"X": "person"}, {"PERSON": None})["PERSON"] == "PERSON"
    assert with_labels({"person": "human"}, {"PERSON": None})["PERSON"] == "PERSON"
    assert with_labels({"X": "x"}, {"PERSON": None})["PERSON"] == "person"
