"""Counts of mentions against gold counts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_padellm.scoring.counts import CountScores, score_counts

LABELS = ["PER", "LOC"]
COUNTS = st.dictionaries(st.sampled_from(LABELS), st.integers(0, 9))


def mean(values) -> float:
    values = list(values)
    return sum(values) / len(values) if values else 0.0


@given(st.lists(st.tuples(COUNTS, COUNTS), max_size=6))
def test_the_scores_are_means_over_all_pairs_of_document_and_label(documents):
    scores = score_counts(
        [gold for gold, _ in documents], [found for _, found in documents], LABELS
    )
    pairs = [
        (gold.get(label, 0), found.get(label, 0))
        for gold, found in documents
        for label in LABELS
    ]
    present = [(gold, found) for gold, found in pairs if gold]
    assert scores.accuracy == pytest.approx(mean(g == f for g, f in pairs))
    assert scores.accuracy_where_present == pytest.approx(
        mean(g == f for g, f in present)
    )
    assert scores.mean_error == pytest.approx(mean(f - g for g, f in pairs))
    table = scores.table(cap=3)
    for gold in range(4):
        for found in range(4):
            alike = [p for p in pairs if (min(p[0], 3), min(p[1], 3)) == (gold, found)]
            assert table[gold][found] == len(alike)


def test_a_model_that_says_nothing_is_right_where_nothing_is():
    gold = [{"PER": 2}, {}, {}, {}]
    scores = score_counts(gold, [{}] * 4, ["PER"])
    assert scores.accuracy == 0.75
    assert scores.accuracy_where_present == 0.0
    assert scores.mean_error == -0.5


def test_too_high_a_count_is_a_positive_error():
    assert score_counts([{"PER": 1}], [{"PER": 3}], ["PER"]).mean_error == 2.0


def test_counts_of_other_labels_are_left_aside():
    scores = score_counts([{"PER": 1}], [{"PER": 1, "LOC": 4}], ["PER"])
    assert scores == CountScores({(1, 1): 1})


def test_the_last_row_and_column_of_the_table_are_five_or_more():
    scores = score_counts([{"PER": 7}, {}], [{"PER": 12}, {"PER": 2}], ["PER"])
    table = scores.table()
    assert len(table) == 6 and {len(row) for row in table} == {6}
    assert table[5][5] == 1 and table[0][2] == 1


@pytest.mark.parametrize("labels", [[], LABELS])
def test_no_pairs_score_zero(labels):
    scores = score_counts([], [], labels)
    assert scores == CountScores({})
    assert scores.accuracy == scores.accuracy_where_present == scores.mean_error == 0.0
    assert scores.table(cap=1) == [[0, 0], [0, 0]]


def test_both_sides_have_the_same_documents():
    with pytest.raises(ValueError, match="E661"):
        score_counts([{}], [], LABELS)
