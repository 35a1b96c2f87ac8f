"""Times and scores of a system whose answers and clock are given."""

import pytest
import spacy
from spacy.tokens import Span

from benchmarks.measure import measure
from benchmarks.systems import System
from spacy_padellm.formats.base import Extraction
from spacy_padellm.pipeline.predict import Prediction
from spacy_padellm.types import LabelledSpan, Mention

LABELS = {"PER": "person", "ORG": "organization"}


@pytest.fixture
def doc():
    doc = spacy.blank("en")("Ann met Bo and Ann at FIFA")
    places = ((0, "PER"), (2, "PER"), (4, "PER"), (6, "ORG"))
    doc.ents = [Span(doc, at, at + 1, label) for at, label in places]
    return doc


class Scripted:
    """Takes 2 seconds a document, one of which another device would have saved."""

    def __init__(self, reading, *, saving=0.0):
        self.reading = reading
        self.saving = saving
        self.saved = self.now = 0.0
        self.asked = []

    def read(self, docs, batch_tokens):
        self.asked.append((len(docs), batch_tokens))
        self.now += 2.0 * len(docs)
        self.saved += self.saving * len(docs)
        return [self.reading for _ in docs]

    def clock(self):
        return self.now


def run(reader, docs, *, one_by_one=False, sizes=(8, 16)):
    system = System("scripted", "padellm", None, one_by_one)
    return measure(system, reader, docs, LABELS, batch_tokens=sizes, clock=reader.clock)


def test_latency_is_of_documents_read_alone_and_throughput_of_batches(doc):
    reader = Scripted(Prediction())
    measured = run(reader, [doc] * 5)
    assert measured.latencies == [2000.0] * 5
    assert measured.throughputs == {8: 0.5, 16: 0.5}
    assert (measured.throughput, measured.best_batch) == (0.5, 8)
    warm_up, alone, batches = reader.asked[:3], reader.asked[3:8], reader.asked[8:]
    assert set(warm_up) == set(alone) == {(1, 1)}
    assert batches == [(5, 8), (5, 16)]


def test_what_devices_of_their_own_would_save_is_taken_off(doc):
    reader = Scripted(Prediction(), saving=1.5)
    measured = run(reader, [doc] * 4, one_by_one=True)
    assert measured.latencies == [500.0] * 4
    assert measured.throughputs == {} and measured.best_batch is None
    assert measured.throughput == 2.0


def test_scores(doc):
    """Two of three PER found as spans, one string that is not there, FIFA twice."""
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
    reading = Prediction(
        spans=(
            LabelledSpan(0, 1, "PER", 0.9),
            LabelledSpan(2, 3, "PER", 0.9),
            LabelledSpan(6, 7, "ORG", 0.9),
            LabelledSpan(5, 7, "PER", 0.1),
        ),
        not_in_text=(mentions[2],),
        extractions=(extraction,),
    )
    scores = run(Scripted(reading), [doc]).scores
    assert scores["spans"] == pytest.approx({"p": 1.0, "r": 0.75, "f": 6 / 7})
    # Ann, Bo and FIFA are right, Cy is not; FIFA stays with the surer label
    assert scores["strings"] == pytest.approx({"p": 0.75, "r": 1.0, "f": 6 / 7})
    assert (scores["count_accuracy"], scores["count_error"]) == (0.5, 0.5)
    assert scores["share_not_in_text"] == pytest.approx(1 / 5)
    assert (scores["length"], scores["steps"]) == (3.6, 5.0)
