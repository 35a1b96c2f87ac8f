"""Each tree is scored once, and what is generated is generated each time."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import numpy as np
import pytest

from spacy_padellm.engines import remembered
from spacy_padellm.engines.remembered import RememberedScores, digest
from spacy_padellm.trees.pointers import (
    pack_labels,
    pack_names,
    pack_pointers,
    pack_with_names,
)


class Counting:
    """A source, engine and session in one, whose scores say when they were computed."""

    url = None
    tokenizer = "the tokenizer"

    def __init__(self):
        self.breadths = {}
        self.scored = []

    def open(self, model, adapter):
        return self

    @contextmanager
    def session(self, n_texts):
        yield self

    def complete(self, branches):
        return [f"completed {branches}"]

    def score(self, trees):
        self.scored += trees
        numbers = range(len(self.scored) - len(trees), len(self.scored))
        return [np.full((1, 2, 3), number, dtype=np.float32) for number in numbers]


def tree(*ids, branch=(7, 8)):
    return pack_pointers(ids, range(len(ids)), [branch], stem=len(ids))


def score(source, trees, adapter=None):
    engine = source.open(None, adapter)
    assert engine.tokenizer == "the tokenizer" and engine.in_flight == 1
    with engine.session(len(trees)) as session:
        return [int(one[0, 0, 0]) for one in session.score(trees)]


def test_a_tree_is_scored_once_for_each_adapter():
    counting = Counting()
    source = RememberedScores(counting)
    assert source.url is None
    assert score(source, [tree(1), tree(2)]) == [0, 1]
    assert score(source, [tree(3), tree(2), tree(1)]) == [2, 1, 0]
    assert score(source, [tree(1), tree(2), tree(3)]) == [0, 1, 2]
    assert score(source, []) == []
    assert len(counting.scored) == 3
    assert score(source, [tree(1)], adapter="other") == [3]
    assert score(source, [tree(1)]) == [0]


def test_other_calls_reach_the_session():
    counting = Counting()
    engine = RememberedScores(counting).open(None, None)
    with engine.session(1) as session:
        session.breadths["person"] = 2.0
        assert session.complete([1]) == session.complete([1]) == ["completed [1]"]
    assert counting.breadths == {"person": 2.0}


def test_so_much_is_kept_and_no_more(monkeypatch):
    monkeypatch.setattr(remembered, "MOST_BYTES", 2 * 24)
    source = RememberedScores(Counting())
    assert score(source, [tree(1), tree(2), tree(3)]) == [0, 1, 2]
    assert score(source, [tree(1), tree(2), tree(3)]) == [0, 1, 3]


def test_sessions_in_threads_share_the_scores():
    source = RememberedScores(Counting())
    trees = [tree(number) for number in range(2000)]

    def read(part):
        return [score(source, [one]) for one in trees[part::8]]

    with ThreadPoolExecutor(8) as threads:
        found = [*threads.map(read, range(8))]
    assert [read(part) for part in range(8)] == found


NAMES = pack_names((1,), [(4, 5, 2), (6, 2)])
OTHERS = pack_names((1,), [(4, 7, 2), (6, 2)])
TREES = {
    "a text": tree(1, 2),
    "another": tree(1, 3),
    "another label": tree(1, 2, branch=(7, 9)),
    "other keys": pack_pointers((1, 2), range(1, 2), [(7, 8)], stem=2),
    "names": pack_with_names((1, 2), range(2), NAMES),
    "other names": pack_with_names((1, 2), range(2), OTHERS),
    "labels": pack_pointers((1, 2), range(2), pack_labels((1,), [(7, 8)]), stem=1),
    "others": pack_pointers((1, 2), range(2), pack_labels((1,), [(7, 9)]), stem=1),
}


@pytest.mark.parametrize("kind", TREES)
def test_trees_that_differ_are_not_confused(kind):
    others = [digest(one) for name, one in TREES.items() if name != kind]
    assert digest(TREES[kind]) not in others
