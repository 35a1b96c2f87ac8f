"""The task's labels, and their names in the prompt."""

import pytest
from spacy_llm.registry import lowercase_normalizer, strip_normalizer

from spacy_padellm.llm.labels import TaskLabels


def table(labels, definitions=None, normalizer=None) -> TaskLabels:
    return TaskLabels(labels, definitions, normalizer or lowercase_normalizer())


@pytest.mark.parametrize(
    "labels", ["PER, ORG,TEAM", ["PER", "ORG ", "TEAM"], ("PER", "ORG", "TEAM")]
)
def test_labels_are_read_as_padellm_ner_reads_them(labels):
    names = {"PER": "person", "ORG": "organization", "TEAM": "TEAM"}
    assert table(labels).names == names


def test_a_definition_is_what_the_model_reads():
    definitions = {"TEAM": "sports team", "CITY": "city"}
    names = {"PER": "person", "TEAM": "sports team"}
    assert table("PER,TEAM", definitions).names == names


def test_a_table_gives_labels_and_definitions():
    labels = table({"PER": "surname", "CITY": "city"})
    assert labels.names == {"PER": "surname", "CITY": "city"}
    assert labels.definitions == labels.names
    assert table({"PER": "surname"}, {"PER": "person"}).names == {"PER": "person"}


@pytest.mark.parametrize("labels", [None, "", [], {}])
def test_there_may_be_no_labels_yet(labels):
    assert table(labels).names == {}


def test_a_label_that_is_added_may_have_had_its_definition_before():
    labels = table("PER", {"CITY": "city"}).added("CITY", None).added("TEAM", "club")
    names = {"PER": "person", "CITY": "city", "TEAM": "club"}
    assert labels.names == names
    assert labels.replaced("TEAM").names == {"TEAM": "club"}
    assert labels.replaced({"TEAM": "team"}).names == {"TEAM": "team"}


def test_answers_name_labels_as_the_normalizer_allows():
    loose, exact = table("PER"), table("PER", None, strip_normalizer())
    assert (loose.of_answer(" per"), exact.of_answer(" per")) == ("PER", None)
    assert (loose.of_answer("ORG"), exact.of_answer(" PER ")) == (None, "PER")


def test_labels_that_the_normalizer_makes_alike_are_refused():
    with pytest.raises(ValueError, match="E843.*'PER', 'per'.*StripNormalizer"):
        table(["PER", "ORG", "per"])
    assert list(table(["PER", "per"], None, strip_normalizer()).names) == ["PER", "per"]


def test_a_definition_is_one_line():
    with pytest.raises(ValueError, match="E504"):
        table("PER", {"PER": "A person.\nNot a pet."})


def test_a_label_is_a_string():
    with pytest.raises(ValueError, match="E504"):
        table("PER").added(3, None)


def test_what_is_saved_is_what_was_given():
    labels = table("PER,TEAM", {"TEAM": "club"})
    saved = {"labels": ["PER", "TEAM"], "label_definitions": {"TEAM": "club"}}
    assert labels.to_dict() == saved
