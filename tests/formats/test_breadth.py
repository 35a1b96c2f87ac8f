"""Breadth: which of two labels for one mention claims less."""

import math
from dataclasses import dataclass, field

import numpy as np
import pytest
import spacy

from spacy_padellm.formats.base import Extraction, Query
from spacy_padellm.formats.breadth import (
    MANY_LABELS,
    PASS_TOKENS,
    breadths,
    competing_labels,
    reference_texts,
    remember,
    script_of,
    weigh,
)
from spacy_padellm.formats.padellm import build_padellm_v1
from spacy_padellm.formats.pointer import Pointer, build_pointer_v1
from spacy_padellm.pipeline.annotate import annotate, register_score
from spacy_padellm.pipeline.output import Output
from spacy_padellm.pipeline.prediction import WindowPrediction, locate
from spacy_padellm.spans.resolve import drop_overlaps
from spacy_padellm.types import LabelledSpan, Mention, Window


def mention(label, text, start, score=0.9):
    return Mention(label, text, 1, math.log(score), start=start)


def found(*mentions):
    return Extraction(mentions, {})


@dataclass
class Finder:
    """Finds each label as often as `times` says of its name, in the first texts."""

    times: dict[str, int]
    asked: list[list[Query]] = field(default_factory=list)

    def __call__(self, queries):
        first = sum(map(len, self.asked))
        self.asked.append(list(queries))
        return [
            found(
                *(
                    mention(label, "x", 0, 0.5)
                    for label, name in query.labels.items()
                    if number < self.times[name]
                )
            )
            for number, query in enumerate(queries, start=first)
        ]


@pytest.mark.parametrize(
    ("mentions", "expected"),
    [
        ([], set()),
        ([mention("A", "Ann Lee", 0), mention("B", "Oslo", 9)], set()),
        ([mention("A", "Ann", 0), mention("B", "Lee", 3)], set()),  # they touch
        ([mention("A", "Ann Lee", 0), mention("B", "Lee", 4)], {"A", "B"}),
        ([mention("A", "Ann Lee", 0), mention("A", "Lee", 4)], set()),
        (
            [
                mention("A", "Ann Lee of Oslo", 0),
                mention("B", "Ann", 0),
                mention("C", "Oslo", 11),
                mention("D", "Rome", 20),
            ],
            {"A", "B", "C"},
        ),
        ([mention("B", "Lee", 4), mention("A", "Ann Lee", 0)], {"A", "B"}),  # any order
    ],
)
def test_rivals_are_labels_whose_mentions_overlap(mentions, expected):
    assert competing_labels(mentions) == expected


def test_breadth_is_one_and_the_scores_in_all_texts():
    find = Finder({"person": 8, "politician": 2, "ship": 0})
    texts = [f"text {number}" for number in range(10)]
    got = breadths(["person", "politician", "ship"], texts, find)
    assert got == {"person": 5.0, "politician": 2.0, "ship": 1.0}
    assert [query.text for part in find.asked for query in part] == texts


def test_many_labels_are_asked_in_small_passes():
    names = [f"label {number}" for number in range(400)]
    find = Finder(dict.fromkeys(names, 1))
    texts = ["text"] * 7
    assert set(breadths(names, texts, find).values()) == {1.5}
    assert [len(part) for part in find.asked] == [2, 2, 2, 1]
    assert PASS_TOKENS == 4096  # two texts of 1,620 tokens each


@pytest.mark.parametrize("number, told", [(MANY_LABELS - 1, 0), (MANY_LABELS, 1)])
def test_the_user_is_told_when_many_labels_take_long(number, told, caplog):
    names = [f"label {n}" for n in range(number)]
    known = {}
    for _ in range(2):
        remember(names, Finder(dict.fromkeys(names, 0)), known=known)
    assert known == dict.fromkeys(names, 1.0)
    assert [f"broad {number} labels" in text for text in caplog.messages] == [
        True
    ] * told


def test_no_labels_ask_nothing():
    find = Finder({})
    assert breadths([], ["text"], find) == {}
    assert find.asked == []


def test_only_labels_that_compete_are_weighed_and_asked_once():
    labels = [{"PER": "person", "POL": "politician", "LOC": "place"}] * 2
    first = found(mention("PER", "Ann", 0), mention("POL", "Ann", 0))
    second = found(mention("PER", "Ann", 0), mention("LOC", "Oslo", 9))
    find = Finder({"person": 30, "politician": 6, "place": 1})
    known = {}
    weighed, same = weigh(labels, [first, second], find, known=known, power=-0.5)
    assert known == {"person": 16.0, "politician": 4.0}
    assert [one.weight for one in weighed.mentions] == [0.25, 0.5]
    assert [one.score for one in weighed.mentions] == pytest.approx([0.9, 0.9])
    assert same is second  # its mentions do not overlap
    times = len(find.asked)
    again = weigh(labels[:1], [first], find, known=known, power=-0.5)
    assert again == [weighed] and len(find.asked) == times


def test_labels_are_asked_about_texts_in_their_script():
    labels = [{"A": "人名", "B": "person"}]
    find = Finder({"人名": 2, "person": 4})
    extraction = found(mention("A", "Ann", 0), mention("B", "Ann", 0))
    known = {}
    weigh(labels, [extraction], find, known=known, power=-1.0)
    texts = {
        name: [q.text for part in find.asked for q in part if name in q.labels]
        for name in ("人名", "person")
    }
    assert texts["人名"] == list(reference_texts("chinese"))
    assert texts["person"] == list(reference_texts("latin"))


@pytest.mark.parametrize("script", ["latin", "chinese"])
def test_reference_texts_are_in_their_script_and_none_stands_twice(script):
    texts = reference_texts(script)
    assert len(texts) > 30
    assert all(text == text.strip() and text for text in texts)
    assert len(set(texts)) == len(texts)
    assert {script_of(text) for text in texts} == {script}


def test_the_weight_decides_between_spans_and_the_score_stays():
    broad = LabelledSpan(0, 2, "PER", 0.99, weight=0.5)
    narrow = LabelledSpan(0, 2, "POL", 0.6)
    assert drop_overlaps([broad, narrow]) == ([narrow], [broad])
    assert drop_overlaps([broad, LabelledSpan(0, 2, "POL", 0.4)])[0] == [broad]


@dataclass
class Certain:
    """A session in which the first label claims the second token of each text, and the
    others that of a short text alone."""

    breadths: dict = field(default_factory=dict)
    passes: int = 0

    def score(self, trees):
        self.passes += 1
        rows = []
        for tree in trees:
            row = np.full((len(tree.queries), len(tree.keys), 3), -9.0, dtype="float32")
            row[0, 1, :2] = 3.0
            if len(tree.keys) < 9:
                row[1:, 1, :2] = 1.0
            rows.append(row)
        return rows


def test_pointer_prefers_the_narrow_label(tiny_tokenizer):
    register_score()
    labels = {"PER": "person", "POL": "politician"}
    doc = spacy.blank("en")("Ann won")
    query = Query(doc.text, labels)
    ents = {}
    for prefer in (0.0, 0.2):
        format = Pointer(prefer_narrow=prefer)
        session = Certain()
        [extraction] = format.extract([format.encode(query, tiny_tokenizer)], session)
        assert {one.label for one in extraction.mentions} == {"PER", "POL"}
        assert (session.passes > 1) == bool(prefer)
        part = WindowPrediction(Window(0, 2, 0, 2), query, extraction)
        prediction = locate(doc, [part], Output(alignment_mode="expand"))
        annotate(doc, prediction, output=Output(overwrite_ents=True), component="x")
        ents[prefer] = [(ent.label_, round(ent._.score, 2)) for ent in doc.ents]
        doc.ents = []
    assert ents == {0.0: [("PER", 0.95)], 0.2: [("POL", 0.73)]}


def test_breadths_are_measured_once_for_all_thresholds(tiny_tokenizer):
    query = Query("Ann won", {"PER": "person", "POL": "politician"})
    passes, known = [], []
    for thresholds in ([0.35], [0.6, 0.35, 0.1]):
        session = Certain()
        for threshold in thresholds:
            format = Pointer(threshold)
            format.extract([format.encode(query, tiny_tokenizer)], session)
        passes.append(session.passes)
        known.append(session.breadths)
    assert known[0] == known[1] and len(known[0]) == 2
    assert passes[1] == passes[0] + 2  # a pass for each further call


def test_prepared_labels_are_not_measured_again(tiny_tokenizer):
    labels = {"PER": "person", "POL": "politician"}
    format, session = Pointer(), Certain()
    encoded = format.encode(Query("Ann won", labels), tiny_tokenizer)
    format.prepare(labels, tiny_tokenizer, session)
    measured = session.passes
    assert measured and set(session.breadths) == {"person", "politician"}
    format.prepare(labels, tiny_tokenizer, session)
    prepared = format.extract([encoded], session)
    assert session.passes == measured + 1
    assert prepared == format.extract([encoded], Certain())


@pytest.mark.parametrize(
    ("format", "labels"),
    [
        (Pointer(), {"PER": "person"}),  # nothing to compete with
        (Pointer(prefer_narrow=0.0), {"PER": "person", "POL": "politician"}),
        (build_padellm_v1(), {"PER": "person", "POL": "politician"}),
    ],
)
def test_nothing_is_prepared_where_no_breadth_is_needed(format, labels, tiny_tokenizer):
    session = Certain()
    format.prepare(labels, tiny_tokenizer, session)
    assert (session.passes, session.breadths) == (0, {})


def test_prefer_narrow_is_checked():
    assert build_pointer_v1(prefer_narrow=0.5).prefer_narrow == 0.5
    for wrong in (-0.1, 1.5, float("nan"), "much"):
        with pytest.raises((ValueError, TypeError)):
            build_pointer_v1(prefer_narrow=wrong)
