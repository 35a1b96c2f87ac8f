"""Prodigy's answers: what they annotate depends on the interface."""

import json

import pytest

from spacy_padellm.corpora.docs import make_doc

from .conftest import mentions, problems

TEXT = "Ada met Bo in Rome."
ADA = {"start": 0, "end": 3, "label": "PER"}


def row(view: str | None, *spans: dict, text: str = TEXT, **details) -> dict:
    answer = {"text": text, "answer": "accept", **details}
    answer |= {"_view_id": view} if view else {}
    return answer | ({"spans": list(spans)} if spans else {})


def tags(corpus, nlp) -> list[list[str]]:
    """The tag of each token of each text, "" if it is not annotated."""
    docs = [make_doc(nlp, text) for text in corpus.texts]
    return [[token.ent_iob_ for token in doc] for doc in docs]


@pytest.mark.parametrize("view", ["ner", "spans"])
def test_beside_an_accepted_span_of_a_binary_answer_the_text_is_unknown(
    corpus, english, view
):
    read = corpus(json.dumps(row(view, ADA)))
    assert mentions(read) == [[("Ada", "PER")]]
    assert tags(read, english) == [["B", *[""] * 5]]
    assert problems(read) == [
        (1, "left out", "text beside the spans of a binary answer")
    ]


@pytest.mark.parametrize("view", ["ner_manual", "spans_manual", "blocks", None])
def test_beside_the_spans_of_a_manual_answer_there_are_none(corpus, english, view):
    read = corpus(json.dumps(row(view, ADA)))
    assert tags(read, english) == [["B", *["O"] * 5]]
    assert problems(read) == []


def test_an_empty_text_has_nothing_unknown(corpus):
    rows = [row("ner", ADA), row("ner", ADA, text="")]
    assert corpus("\n".join(map(json.dumps, rows))).texts[1].unknown == ()


@pytest.mark.parametrize("view", ["ner", "spans"])
def test_a_binary_answer_without_spans_says_nothing(corpus, english, view):
    read = corpus("\n".join(map(json.dumps, [row("ner_manual", ADA), row(view)])))
    assert tags(read, english)[1] == [""] * 6


@pytest.mark.parametrize("view", ["ner_manual", "spans_manual", None])
def test_an_accepted_text_without_spans_has_none(corpus, english, view):
    assert tags(corpus(json.dumps(row(view))), english) == [["O"] * 6]


@pytest.mark.parametrize(
    "answer, kind",
    [
        (row("classification", label="SPORTS"), "interface 'classification'"),
        (row("classification", ADA, label="SPORTS"), "interface 'classification'"),
        (row("choice", options=[{"id": 1}], accept=[1]), "interface 'choice'"),
        (row("relations", relations=[]), "interface 'relations'"),
        (row(None, label="SPORTS"), "answer that is not about spans"),
        (row(None, options=[{"id": 1}], accept=[]), "answer that is not about spans"),
        (row(None, options=[{"id": 1}], spans=[]), "answer that is not about spans"),
        (row(None, label=["PER"]), "answer that is not about spans"),
        (row("blocks", options=[{"id": 1}], accept=[1]), "interface 'blocks'"),
        (row("review"), "interface 'review'"),
        (row("html", ADA), "interface 'html'"),
    ],
)
def test_answers_about_other_things_are_not_texts_without_spans(corpus, answer, kind):
    good = row("ner_manual", ADA)
    read = corpus("\n".join(map(json.dumps, [good, answer])))
    assert mentions(read) == [[("Ada", "PER")]]
    [(line, action, why)] = problems(read)
    assert (line, action) == (2, "left out") and why.endswith(kind)
    with pytest.raises(ValueError, match="E205"):
        corpus(json.dumps(answer))


@pytest.mark.parametrize("view", ["relations", "review", "blocks", "my_own"])
def test_the_spans_of_other_interfaces_are_read(corpus, english, view):
    read = corpus(json.dumps(row(view, ADA)))
    assert tags(read, english) == [["B", *["O"] * 5]]


def test_blocks_with_an_empty_list_of_spans_have_none(corpus, english):
    read = corpus(json.dumps(row("blocks", spans=[], options=[{"id": 1}])))
    assert tags(read, english) == [["O"] * 6]
