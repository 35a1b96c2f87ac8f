"""Times of systems whose answers and clock are given."""

import pytest
import spacy

from benchmarks.measuring.alternating import WARM_UP, alternate, warm_up
from benchmarks.measuring.measurement import Measurement, measure
from benchmarks.measuring.statistics import Line, Ratio, share_of_peak
from benchmarks.systems.usage import Usage
from spacy_padellm.pipeline.prediction import Prediction


class Time:
    """A clock that stands still unless a system works."""

    now = 0.0

    def __call__(self):
        return self.now


class Scripted:
    """A system that takes 2 seconds per document, some of which are excluded."""

    labels = {"PER": "person"}

    def __init__(self, clock, calls, name="", *, excluding=0.0):
        self.clock = clock
        self.calls = calls
        self.name = name
        self.excluding = excluding
        self.excluded_seconds = 0.0
        self.passes = 0
        self.prepared = 0

    @property
    def usage(self):
        return Usage(passes=self.passes)

    def activate(self):
        self.clock.now += 50.0

    def prepare(self):
        self.prepared += 1
        self.clock.now += 50.0
        self.passes += 1

    def predict(self, docs, batch_tokens):
        self.calls.append((self.name, len(docs), batch_tokens))
        self.clock.now += 2.0 * len(docs)
        self.excluded_seconds += self.excluding * len(docs)
        self.passes += 1
        return [Prediction() for _ in docs]


@pytest.fixture
def clock():
    return Time()


@pytest.fixture
def docs():
    return [spacy.blank("en")("Ann met Bo")] * 5


def test_latency_is_of_single_documents_and_throughput_of_batches(clock, docs):
    calls = []
    system = Scripted(clock, calls)
    measured = measure("scripted", system, docs, batch_tokens=(8, 16), clock=clock)
    assert measured.latencies == [2000.0] * 5
    assert measured.throughputs == {8: 0.5, 16: 0.5}
    assert (measured.throughput, measured.best_batch) == (0.5, 8)
    assert calls == [("", 1, 1)] * (WARM_UP + 5) + [("", 5, 8), ("", 5, 16)]


def test_a_system_without_batches_has_the_throughput_of_its_latency(clock, docs):
    system = Scripted(clock, [], excluding=1.5)
    measured = measure("scripted", system, docs, batch_tokens=(), clock=clock)
    assert measured.latencies == [500.0] * 5, "without the time that is excluded"
    assert measured.throughputs == {} and measured.best_batch is None
    assert measured.throughput == 2.0


def test_a_measurement_survives_json():
    saved = {"title": "a", "latencies": [1.0], "throughputs": {"8": 2.0}, "scores": {}}
    assert Measurement.from_json(saved).throughputs == {8: 2.0}


def test_another_system_starts_each_time(clock, docs):
    calls = []
    systems = {name: Scripted(clock, calls, name) for name in "abc"}
    warm_up(systems.values(), docs)
    assert all(system.prepared == 1 for system in systems.values())
    calls.clear()
    runs = alternate(systems, [docs[:1], docs[:2], docs[:3], docs[:1]], 9, clock=clock)
    order = [name for name, _, _ in calls]
    assert order == [*"abc", *"bca", *"cab", *"abc"]
    for run in runs.values():
        assert run.seconds == [2.0, 4.0, 6.0, 2.0]
        assert len(run.predictions) == 7
        assert run.usage.passes == 4, "without those of the warm-up"


def test_a_ratio_is_the_median_of_ratios_at_the_same_time():
    ratio = Ratio.of([2.0, 30.0, 4.0, 8.0, 10.0], [1.0, 10.0, 1.0, 2.0, 2.0])
    assert (ratio.low, ratio.median, ratio.high) == (3.0, 4.0, 4.0)
    assert Ratio.of([3.0], [2.0]) == Ratio(1.5, 1.5, 1.5)


def test_a_line_explains_what_lies_on_it():
    line = Line.through([1, 2, 3], [5.0, 7.0, 9.0])
    assert (line.slope, line.intercept, line.r2) == pytest.approx((2.0, 3.0, 1.0))
    assert Line.through([1, 2, 3, 4], [0.0, 1.0, 1.0, 0.0]).r2 == pytest.approx(0.0)


def test_the_share_of_the_peak_is_of_each_round_by_itself():
    assert share_of_peak(10.0, [1.0, 2.0, 5.0], [20.0, 20.0, 4.0]) == 0.5
