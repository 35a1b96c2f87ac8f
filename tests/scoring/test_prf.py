"""Precision, recall and F from counts."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from spacy.scorer import PRFScore

from spacy_padellm.scoring.prf import PRF, LabelScores, score_sets

COUNT = st.integers(0, 1000)


@given(COUNT, COUNT, COUNT)
def test_the_scores_are_those_of_spacy(tp, fp, fn):
    ours, spacys = PRF(tp, fp, fn), PRFScore(tp=tp, fp=fp, fn=fn)
    assert math.isclose(ours.p, spacys.precision)
    assert math.isclose(ours.r, spacys.recall)
    assert math.isclose(ours.f, spacys.fscore)
    assert ours.to_dict() == {"p": ours.p, "r": ours.r, "f": ours.f}


def test_nothing_found_of_nothing_is_zero():
    assert PRF().to_dict() == {"p": 0.0, "r": 0.0, "f": 0.0}
    assert PRF(fp=2).p == PRF(fn=2).r == 0.0


def test_the_micro_score_adds_counts_before_it_divides():
    scores = LabelScores({"PER": PRF(tp=8, fp=2, fn=0), "LOC": PRF(tp=0, fp=0, fn=10)})
    assert scores.micro == PRF(tp=8, fp=2, fn=10)
    assert scores.micro.f == 16 / 28


def test_both_sides_have_the_same_documents():
    with pytest.raises(ValueError, match="E661.* 2 gold .* 1 predicted"):
        score_sets([{}, {}], [{}])
