"""Labels are renamed, dropped and stored."""

from pathlib import Path

import pytest

from spacy_padellm.corpora.base import AnnotatedText, ReadReport
from spacy_padellm.corpora.labels import (
    annotated_for,
    parse_label_map,
    parse_labels,
    relabel,
)

SPANS = [(0, 1, "person"), (1, 2, "OTH"), (2, 3, "place")]
TEXT = AnnotatedText.from_words(["a", "b", "c"], SPANS, labels=("person", "OTH"))


def labels(text: AnnotatedText) -> list[str]:
    return [entity.label for entity in text.entities]


def test_labels_are_renamed_and_left_out_and_the_latter_are_counted():
    report = ReadReport(Path("file"), "columns")
    (text,) = relabel([TEXT], {"person": "PER", "OTH": None}, report)
    assert labels(text) == ["PER", "place"]
    assert text.labels == ("PER",)
    assert report.dropped == {"OTH": 1}


def test_only_the_new_labels_asked_for_are_kept():
    report = ReadReport(Path("file"), "columns")
    (text,) = relabel([TEXT], {"person": "PER"}, report, keep=["PER"])
    assert labels(text) == ["PER"]
    assert report.dropped == {"OTH": 1, "place": 1}


def test_texts_can_say_what_they_were_annotated_for():
    plain = AnnotatedText.from_words(["a", "b", "c"], SPANS)
    texts = annotated_for([plain, TEXT], ["PER", "LOC"])
    assert [text.labels for text in texts] == [("PER", "LOC"), ("person", "OTH")]
    (text,) = annotated_for([plain], ["PER"])
    assert text.entities == plain.entities


def test_two_labels_of_one_mention_may_become_one():
    spans = [(0, 1, "PER"), (0, 1, "PERSON"), (1, 2, "PERSON")]
    text = AnnotatedText.from_words(["a", "b", "c"], spans)
    report = ReadReport(Path("file"), "columns")
    (text,) = relabel([text], {"PERSON": "PER"}, report)
    assert labels(text) == ["PER", "PER"] and len(set(text.entities)) == 2


def test_label_maps_are_parsed():
    assert parse_label_map("person=PER, OTH=") == {"person": "PER", "OTH": None}
    assert parse_label_map("") == {}
    assert parse_labels("PER, LOC") == ["PER", "LOC"]
    assert parse_labels("") is None


@pytest.mark.parametrize("value", ["person", "=PER", "a=b,a=c"])
def test_what_is_no_label_map_is_an_error(value):
    with pytest.raises(ValueError, match="E206"):
        parse_label_map(value)


def test_names_of_labels_that_become_one_are_kept():
    text = AnnotatedText("Ada", labels={"PER": "human", "ACTOR": None, "LOC": None})
    [one] = relabel([text], {"ACTOR": "PER"}, ReadReport(None, ""))
    assert one.labels == {"PER": "human", "LOC": None}
    [none] = relabel([text], {}, ReadReport(None, ""), keep=["LOC"])
    assert none.labels == {"LOC": None}
