"""Each point has the scores that you get if you drop the entities below it."""

from hypothesis import given
from hypothesis import strategies as st

from benchmarks.measuring.span_scores import score_spans
from spacy_padellm.corpora.base import Entity
from spacy_padellm.report.compare import ComparedDoc
from spacy_padellm.report.curve import threshold_curve
from spacy_padellm.report.pairs import NOT_JUDGED, Pair, PredictedEntity, pair_up
from spacy_padellm.scoring.prf import PRF

from ..scoring.random_docs import documents

SCORES = st.sampled_from([None, 0.125, 0.25, 0.5, 0.75, 1.0])


@st.composite
def scored_docs(draw):
    """Gold entities and predictions of each doc."""
    docs = []
    for _, gold, predicted in draw(documents()):
        golds = [Entity(*ent) for ent in gold]
        found = [
            PredictedEntity(Entity(*p), Entity(*p), draw(SCORES)) for p in predicted
        ]
        docs.append((golds, found))
    return docs


def curve_of(docs):
    return threshold_curve(
        ComparedDoc(i, "", "", tuple(pair_up(*doc))) for i, doc in enumerate(docs)
    )


@given(scored_docs())
def test_each_point_is_what_keeping_the_scores_from_it_on_gives(docs):
    curve = curve_of(docs)
    scores = [p.score for _, found in docs for p in found]
    thresholds = sorted({score for score in scores if score is not None})
    assert [point.threshold for point in curve.points] == thresholds
    assert curve.unscored == scores.count(None)
    for point in curve.points:
        kept = [
            [p.judged for p in found if p.score is None or p.score >= point.threshold]
            for _, found in docs
        ]
        assert point.scores == score_spans([gold for gold, _ in docs], kept).micro


@given(scored_docs(), st.integers(1, 4))
def test_a_sample_is_some_of_the_points_from_the_first_on(docs, most):
    curve = curve_of(docs)
    sample = curve.sample(most)
    assert len(sample) <= most and set(sample) <= set(curve.points)
    assert sample[:1] == list(curve.points[:1])


def test_the_best_point_has_the_highest_f_and_of_equals_the_lowest_threshold():
    right = Entity(0, 5, "LOC")
    docs = [
        ([right], [PredictedEntity(right, right, 0.5)]),
        ([], [PredictedEntity(right, right, 0.25)]),
        ([right], [PredictedEntity(right, right, 0.75)]),
    ]
    best = curve_of(docs).best
    assert (best.threshold, best.scores) == (0.5, PRF(tp=2))


def test_what_is_not_judged_is_not_on_the_curve():
    found = PredictedEntity(Entity(0, 5, "LOC"), Entity(0, 0, "LOC"), 0.5)
    curve = threshold_curve([ComparedDoc(1, "", "", (Pair(NOT_JUDGED, None, found),))])
    assert curve.points == ()
