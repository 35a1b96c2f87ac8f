"""Every entity is in one pair, and no other pairing is better."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_padellm.corpora.base import Entity
from spacy_padellm.report.pairs import CORRECT, ERRORS, PredictedEntity, pair_up

from ..scoring.random_docs import flat

BEST_FIRST = [
    CORRECT,
    "wrong label",
    "wrong boundary",
    "wrong label and boundary",
]


def pairs(gold, predicted):
    """(kind, gold, judged) of each pair."""
    made = pair_up(
        [Entity(*entity) for entity in gold],
        [PredictedEntity(Entity(*entity), Entity(*entity)) for entity in predicted],
    )
    return [
        (pair.kind, pair.gold, pair.predicted and pair.predicted.judged)
        for pair in made
    ]


@pytest.mark.parametrize(
    ("gold", "predicted", "kinds"),
    [
        ([(0, 5, "LOC")], [(0, 5, "LOC")], [CORRECT]),
        ([(0, 5, "LOC")], [], ["missed"]),
        ([], [(0, 5, "LOC")], ["made up"]),
        ([(0, 5, "LOC")], [(5, 8, "LOC")], ["missed", "made up"]),
        ([(0, 5, "LOC")], [(0, 5, "ORG")], ["wrong label"]),
        ([(0, 5, "LOC")], [(0, 8, "LOC")], ["wrong boundary"]),
        ([(0, 5, "LOC")], [(4, 8, "ORG")], ["wrong label and boundary"]),
        # one prediction over two gold entities, and the other way about
        ([(0, 2, "LOC"), (3, 5, "LOC")], [(0, 5, "LOC")], ["wrong boundary", "missed"]),
        (
            [(0, 5, "LOC")],
            [(0, 2, "LOC"), (3, 5, "LOC")],
            ["wrong boundary", "made up"],
        ),
        # the same label is better than the first in the text
        (
            [(0, 2, "LOC"), (3, 5, "ORG")],
            [(1, 5, "ORG")],
            ["missed", "wrong boundary"],
        ),
        # found twice at one place, as where two tokens are one in the gold
        ([(0, 5, "LOC")], [(0, 5, "LOC"), (0, 5, "LOC")], [CORRECT, "made up"]),
    ],
)
def test_the_kinds_of_errors(gold, predicted, kinds):
    assert [kind for kind, *_ in pairs(gold, predicted)] == kinds


@st.composite
def two_sides(draw):
    tokens = draw(st.integers(0, 7))
    gold = draw(flat(tokens))
    return gold, draw(flat(tokens) | st.just(gold))


@given(two_sides())
def test_each_entity_is_in_one_pair_in_text_order(sides):
    gold, predicted = sides
    made = pairs(gold, predicted)
    assert [g for _, g, _ in made if g] == sorted(gold)
    assert sorted(p for *_, p in made if p) == sorted(predicted)
    assert [g or p for _, g, p in made] == sorted(g or p for _, g, p in made)


@given(two_sides())
def test_a_pair_is_what_its_kind_says(sides):
    for kind, gold, predicted in pairs(*sides):
        assert kind == CORRECT or kind in ERRORS
        if gold and predicted:
            assert gold.start < predicted.end and predicted.start < gold.end
            wrong = kind.replace(CORRECT, "")
            assert ("label" in wrong) == (gold.label != predicted.label)
            assert ("boundary" in wrong) == (gold[:2] != predicted[:2])
        else:
            assert kind == ("missed" if gold else "made up")


@given(two_sides())
def test_no_other_pairs_are_better(sides):
    """No pairing has more correct pairs, or as many and more wrong labels, and so on.
    The last kind is not compared: its number depends on which wrong boundaries were
    paired in text order."""
    kinds = [kind for kind, *_ in pairs(*sides)]
    best = max(way[:3] for way in all_ways(*sides))
    assert [kinds.count(kind) for kind in BEST_FIRST[:3]] == best


def test_pairs_are_made_in_text_order():
    golds, found = [(0, 2, "PER"), (2, 3, "PER")], [(0, 1, "LOC"), (1, 3, "PER")]
    kinds = [kind for kind, *_ in pairs(golds, found)]
    assert sorted(kinds) == ["made up", "missed", "wrong boundary"]


def all_ways(gold, predicted):
    """Yield the number of pairs of each kind for every possible pairing."""
    if not gold:
        yield [0] * len(BEST_FIRST)
        return
    (start, end, label), *rest = gold
    yield from all_ways(rest, predicted)
    for i, (first, last, other) in enumerate(predicted):
        if start < last and first < end:
            step = 2 * ((start, end) != (first, last)) + (label != other)
            for way in all_ways(rest, predicted[:i] + predicted[i + 1 :]):
                way[step] += 1
                yield way
