"""Scores of predictions, and lengths of sequences."""

import pytest
import spacy
from hypothesis import given
from hypothesis import strategies as st
from spacy.tokens import Doc, Span

from benchmarks.measuring.scores import mean_lengths, score_docs, score_predictions
from spacy_padellm.formats.base import Extraction, Query
from spacy_padellm.pipeline.prediction import (
    FoundMention,
    Prediction,
    WindowPrediction,
)
from spacy_padellm.types import LabelledSpan, Mention, Window


def test_predictions_are_scored_as_spans_strings_and_counts():
    """Two of three PER found as spans, one string that is not there, FIFA twice."""
    doc = spacy.blank("en")("Ann met Bo and Ann at FIFA")
    places = ((0, "PER"), (2, "PER"), (4, "PER"), (6, "ORG"))
    doc.ents = [Span(doc, at, at + 1, label) for at, label in places]
    mentions = (
        Mention("PER", "Ann", 1, -0.1),
        Mention("PER", "Bo", 2, -0.1),
        Mention("PER", "Cy", 3, -0.1),
        Mention("PER", "FIFA", 4, -3.0),
        Mention("ORG", "FIFA", 1, -0.1),
    )
    extraction = Extraction(
        mentions, {"PER": 4, "ORG": 1}, lengths=(3, 3, 4, 5, 3), lost={"cut off": 1}
    )
    query = Query(doc.text, {"PER": "person", "ORG": "organization"})
    prediction = Prediction(
        mentions=(
            FoundMention(0, mentions[0], span=LabelledSpan(0, 1, "PER", 0.9)),
            FoundMention(0, mentions[1], span=LabelledSpan(2, 3, "PER", 0.9)),
            FoundMention(0, mentions[2], dropped="not in text"),
            FoundMention(0, mentions[3], span=LabelledSpan(5, 7, "PER", 0.1)),
            FoundMention(0, mentions[4], span=LabelledSpan(6, 7, "ORG", 0.9)),
        ),
        windows=(WindowPrediction(Window(0, 7, 0, 7), query, extraction),),
    )
    labels = {"PER": "person", "ORG": "organization"}
    scores = score_predictions([doc], [prediction], labels)
    assert scores["spans"] == pytest.approx({"p": 1.0, "r": 0.75, "f": 6 / 7})
    # Ann, Bo and FIFA are right, Cy is not; FIFA stays with the surer label
    assert scores["strings"] == pytest.approx({"p": 0.75, "r": 1.0, "f": 6 / 7})
    assert (scores["count_accuracy"], scores["count_error"]) == (0.5, 0.5)
    assert scores["share_not_in_text"] == pytest.approx(1 / 5)
    assert (scores["length"], scores["steps"]) == (3.6, 5.0)


def test_docs_are_scored_by_spans_and_by_strings():
    words = ["A", "pin", ",", "a", "pin", "and", "a", "bell"]
    gold, predicted = (Doc(spacy.blank("en").vocab, words) for _ in range(2))
    gold.ents = [Span(gold, 1, 2, label="PART"), Span(gold, 7, 8, label="PART")]
    predicted.ents = [Span(predicted, at, at + 1, label="PART") for at in (1, 4)]
    scores = score_docs([gold], [predicted])
    assert scores["spans"] == pytest.approx({"p": 1 / 2, "r": 1 / 2, "f": 1 / 2})
    # a string counts once, however often it is found
    assert scores["strings"] == pytest.approx({"p": 1, "r": 1 / 2, "f": 2 / 3})


@given(st.lists(st.lists(st.integers(1, 50), max_size=5), max_size=5))
def test_lengths_are_means_over_sequences_and_over_documents(documents):
    sequences = [length for document in documents for length in document]
    longest = [max(document) if document else 0 for document in documents]
    assert mean_lengths(documents) == (
        sum(sequences) / len(sequences) if sequences else 0.0,
        sum(longest) / len(longest) if longest else 0.0,
    )
