"""What `Doc.to_json` gives, written by spaCy itself."""

import json

import pytest
from spacy.tokens import Span

from .conftest import mentions, problems


def annotated(nlp, text: str, *places: tuple[int, int, str]):
    doc = nlp.make_doc(text)
    doc.set_ents([Span(doc, *place) for place in places], default="outside")
    return doc


@pytest.mark.parametrize("before, newline", [("", "\n"), ("\ufeff", "\r\n")])
def test_docs_are_read_as_spacy_writes_them(corpus, english, before, newline):
    docs = [
        annotated(
            english, "😀 Ada left\nRome, didn't she?", (1, 2, "PER"), (4, 5, "LOC")
        ),
        annotated(english, "You cannot.", (1, 2, "X")),
        annotated(english, "Yes."),
    ]
    docs[0].spans["sc"] = [Span(docs[0], 1, 5, "EVENT")]
    rows = [doc.to_json() for doc in docs]
    for content in (json.dumps(rows, indent=1), "\n".join(map(json.dumps, rows))):
        read = corpus(before + content.replace("\n", newline))
        assert read.format == "doc_json"
        found = [("Ada", "PER"), ("Ada left\nRome", "EVENT"), ("Rome", "LOC")]
        assert mentions(read) == [found, [("can", "X")], []]
        assert [text.words for text in read.texts] == [
            tuple(token.text for token in doc) for doc in docs
        ]
        assert problems(read) == []


def test_docs_without_annotation_are_not_docs_without_entities(corpus, english):
    rows = [annotated(english, "Ada", (0, 1, "PER")).to_json()]
    rows.append({**english.make_doc("Bo left").to_json(), "spans": {}})
    read = corpus("\n".join(map(json.dumps, rows)), format="doc_json")
    assert mentions(read) == [[("Ada", "PER")]]
    assert problems(read) == [(2, "skipped", "doc without entity annotation")]


@pytest.mark.parametrize(
    "places, action, unknown",
    [([(0, 1, "PER")], "left out", ()), ([], "skipped", ((4, 8, "VERB"),))],
)
def test_groups_of_spans_that_are_not_read_are_named(
    corpus, english, places, action, unknown
):
    doc = annotated(english, "Ada left", *places)
    doc.spans["gold"] = [Span(doc, 1, 2, "VERB")]
    doc.spans["empty"] = []
    rows = [annotated(english, "Bo", (0, 1, "PER")).to_json(), doc.to_json()]
    read = corpus("\n".join(map(json.dumps, rows)))
    assert mentions(read) == [[("Bo", "PER")], [("Ada", "PER")] * len(places)]
    assert problems(read) == [(2, action, "spans of the group 'gold'")]
    assert read.texts[1].unknown == unknown


def test_a_doc_with_other_spans_alone_is_skipped_and_they_are_named(corpus, english):
    doc = english.make_doc("Ada left")
    doc.spans["gold"] = [Span(doc, 0, 1, "PER")]
    rows = [annotated(english, "Bo", (0, 1, "PER")).to_json(), doc.to_json()]
    read = corpus("\n".join(map(json.dumps, rows)))
    assert read.report.problems[0].detail == "Ada left, with the spans gold"


@pytest.mark.parametrize(
    "ent, kind",
    [
        ({"start": 4, "end": 40, "label": "X"}, "entity outside the text"),
        ({"start": 5, "end": 8, "label": "X"}, "entity cuts a word"),
        ({"start": 4, "end": 8}, "entity without a label"),
        ({"label": "X"}, "entity without offsets"),
    ],
)
def test_what_cannot_be_used_is_unknown(corpus, english, ent, kind):
    row = annotated(english, "Ada left", (0, 1, "PER")).to_json()
    row["ents"].append(ent)
    read = corpus(json.dumps(row))
    assert mentions(read) == [[("Ada", "PER")]]
    assert problems(read) == [(1, "skipped", kind)]
    assert read.texts[0].unknown


def test_tokens_that_are_not_the_text_are_not_used(corpus):
    row = {"text": "Ada left", "ents": [], "tokens": [{"id": 0, "start": 0, "end": 3}]}
    assert corpus(json.dumps(row)).texts[0].words is None


@pytest.mark.parametrize("text", ["", "Ada"])
def test_a_doc_without_tokens_is_split_later(corpus, text):
    row = {"text": text, "ents": [], "tokens": []}
    [read] = corpus(json.dumps(row)).texts
    assert (read.text, read.words) == (text, None)


@pytest.mark.parametrize("ents", [{}, {"ents": []}])
def test_a_doc_of_spans_alone(corpus, english, ents):
    doc = english.make_doc("Ada left")
    doc.spans["sc"] = [Span(doc, 0, 1, "PER")]
    row = {**doc.to_json(), **ents}
    assert "ents" in row or not ents
    read = corpus(json.dumps(row), "docs.jsonl")
    assert (read.format, mentions(read)) == ("doc_json", [[("Ada", "PER")]])
    assert read.texts[0].words == ("Ada", "left")


def test_a_first_doc_without_annotation_does_not_change_the_format(corpus, english):
    rows = [english.make_doc("Bo left"), annotated(english, "Ada", (0, 1, "PER"))]
    read = corpus("\n".join(json.dumps(doc.to_json()) for doc in rows))
    assert (read.format, mentions(read)) == ("doc_json", [[("Ada", "PER")]])
    assert problems(read) == [(1, "skipped", "doc without entity annotation")]


def test_the_tokens_of_prodigy_are_no_docs_of_spacy(corpus):
    tokens = [{"text": "Ada", "start": 0, "end": 3, "id": 0}]
    row = {"text": "Ada", "tokens": tokens, "answer": "accept"}
    assert corpus(json.dumps(row)).format == "jsonl"
