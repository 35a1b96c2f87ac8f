"""A packed tree is the flat data set, each shared token once."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_padellm.trees.packing import GoldSequence, pack_gold


@st.composite
def gold_sequences(draw):
    token = st.integers(0, 2)
    prompt = draw(st.lists(token, min_size=1, max_size=4))
    answer = draw(st.lists(token, min_size=1, max_size=4))
    weights = draw(
        st.lists(
            st.sampled_from([0.0, 0.5, 1.0, 2.0]),
            min_size=len(answer),
            max_size=len(answer),
        )
    )
    sets = st.sampled_from([None, (0, 1, 2), (2, 1, 0, 5), (0, 1, 2, 7)])
    allowed = draw(
        st.just(()) | st.lists(sets, min_size=len(answer), max_size=len(answer))
    )
    return GoldSequence(
        tuple(prompt), tuple(answer), tuple(weights), allowed=tuple(allowed)
    )


flat_sets = st.lists(gold_sequences(), min_size=1, max_size=10)


def prefixes_of(tree):
    """The ids that each node sees, itself the last, in order."""
    nodes = range(len(tree))
    return [
        tuple(int(tree.ids[above]) for above in nodes if above <= at < tree.ends[above])
        for at in nodes
    ]


def pairs_of(tree):
    """{(what is given, what is to be predicted, among what): weight}"""
    given = prefixes_of(tree)
    pairs = zip(tree.sources, tree.targets, tree.among, strict=True)
    keys = [
        (given[source], int(target), None if number == -1 else tree.allowed[number])
        for source, target, number in pairs
    ]
    assert len({*keys}) == len(keys)
    return dict(zip(keys, tree.weights, strict=True))


def flat_pairs(sequences):
    pairs = {}
    for gold in sequences:
        for at, (target, weight) in enumerate(
            zip(gold.answer, gold.weights, strict=True)
        ):
            if weight:
                allowed = gold.allowed[at] if gold.allowed else None
                key = (gold.prompt + gold.answer[:at], target, allowed)
                pairs[key] = pairs.get(key, 0.0) + weight
    return pairs


@given(flat_sets)
def test_the_nodes_are_the_distinct_prefixes_of_all_that_is_read(sequences):
    read = [(gold.prompt + gold.answer)[:-1] for gold in sequences]
    wanted = {ids[:n] for ids in read for n in range(1, len(ids) + 1)}
    tree = pack_gold(sequences)
    found = prefixes_of(tree)
    assert len(found) == len(wanted) and set(found) == wanted
    assert tree.positions.tolist() == [len(prefix) - 1 for prefix in found]


@given(flat_sets)
def test_the_pairs_are_those_of_the_flat_set_and_shared_pairs_add(sequences):
    assert pairs_of(pack_gold(sequences)) == pytest.approx(flat_pairs(sequences))


@given(flat_sets, st.randoms(use_true_random=False))
def test_the_order_of_the_sequences_does_not_matter(sequences, rng: random.Random):
    shuffled = list(sequences)
    rng.shuffle(shuffled)
    one, other = pack_gold(sequences), pack_gold(shuffled)
    assert one.ids.tolist() == other.ids.tolist()
    assert one.ends.tolist() == other.ends.tolist()
    assert pairs_of(one) == pytest.approx(pairs_of(other))


def test_a_fork_has_several_targets():
    tree = pack_gold(
        [
            GoldSequence((7, 8), (1, 2), (1.0, 1.0)),
            GoldSequence((7, 8), (3, 2), (1.0, 0.5)),
            GoldSequence((7, 8), (1, 4), (1.0, 1.0)),
        ]
    )
    assert tree.ids.tolist() == [7, 8, 1, 3]
    assert tree.positions.tolist() == [0, 1, 2, 2]
    assert pairs_of(tree) == {
        ((7, 8), 1, None): 2.0,
        ((7, 8), 3, None): 1.0,
        ((7, 8, 1), 2, None): 1.0,
        ((7, 8, 1), 4, None): 1.0,
        ((7, 8, 3), 2, None): 0.5,
    }
    assert tree.allowed == () and tree.among.tolist() == [-1] * 5


def test_allowed_tokens_are_kept_once_for_all_places_that_have_them():
    tree = pack_gold(
        [
            GoldSequence((7,), (1, 2), (1.0, 1.0), allowed=((1, 3), None)),
            GoldSequence((7,), (3, 5, 2), (1.0,) * 3, allowed=((1, 3), None, (2, 5))),
            GoldSequence((8,), (5, 2), (1.0, 1.0), allowed=((2, 5), (2, 1))),
            GoldSequence((9,), (4, 2), (1.0, 1.0)),
        ]
    )
    assert sorted(tree.allowed) == [(1, 3), (2, 1), (2, 5)]
    assert pairs_of(tree) == {
        ((7,), 1, (1, 3)): 1.0,
        ((7, 1), 2, None): 1.0,
        ((7,), 3, (1, 3)): 1.0,
        ((7, 3), 5, None): 1.0,
        ((7, 3, 5), 2, (2, 5)): 1.0,
        ((8,), 5, (2, 5)): 1.0,
        ((8, 5), 2, (2, 1)): 1.0,
        ((9,), 4, None): 1.0,
        ((9, 4), 2, None): 1.0,
    }


@pytest.mark.parametrize("digit", [3, 5])
def test_what_is_not_learned_changes_no_set(digit):
    """Such as a further digit of an index, before or behind the mention's first token
    in the vocabulary."""
    mention = GoldSequence((7,), (1, 4, 2), (1.0,) * 3, allowed=(None, (4, 2), (2,)))
    index = GoldSequence((7,), (1, digit, 2), (1.0, 0.0, 1.0), allowed=(None,) * 3)
    for sequences in ([mention, index], [index, mention]):
        assert pairs_of(pack_gold(sequences)) == {
            ((7,), 1, None): 2.0,
            ((7, 1), 4, (4, 2)): 1.0,
            ((7, 1, 4), 2, (2,)): 1.0,
            ((7, 1, digit), 2, None): 1.0,
        }
