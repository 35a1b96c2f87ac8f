"""Trees beside each other in the rows of a batch, each as if it were alone."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_padellm.trees.packing import GoldSequence, pack_gold
from spacy_padellm.trees.pointers import pack_names, pack_with_names
from spacy_padellm.trees.rows import pack_rows, pack_rows_with_linked, pad


def tree(*answers, prefix=0):
    """Answers behind 5, 6."""
    return pack_gold(
        [GoldSequence((5, 6), ids, (1.0,) * len(ids), prefix) for ids in answers]
    )


LONG, SHORT, FORKED = tree((1, 2, 3, 4)), tree((7,)), tree((8, 2), (9, 2), prefix=2)


def seen(starts, ends):
    """Bool [nodes, nodes]: which node (first index) sees which."""
    node = np.arange(len(starts))[:, None]
    return (starts <= node) & (node < ends)


def test_by_default_each_tree_has_a_row():
    rows = pack_rows([LONG, SHORT, FORKED])
    assert rows.ids.tolist() == [[5, 6, 1, 2, 3], [5, 6, 0, 0, 0], [5, 6, 8, 9, 0]]
    assert rows.positions.tolist() == [
        [0, 1, 2, 3, 4],
        [0, 1, 0, 0, 0],
        [0, 1, 2, 2, 0],
    ]
    assert rows.firsts.tolist() == [0, 5, 10]
    assert rows.real.tolist() == [0, 1, 2, 3, 4, 5, 6, 10, 11, 12, 13]


def test_trees_of_one_row_follow_each_other():
    rows = pack_rows([SHORT, LONG, FORKED], rows=[1, 0, 1])
    assert rows.ids.tolist() == [[5, 6, 1, 2, 3, 0], [5, 6, 5, 6, 8, 9]]
    assert rows.positions.tolist() == [[0, 1, 2, 3, 4, 0], [0, 1, 0, 1, 2, 2]]
    assert rows.firsts.tolist() == [6, 0, 8]
    assert rows.real.tolist() == [0, 1, 2, 3, 4, *range(6, 12)]


@given(st.data())
def test_a_tree_sees_in_its_row_what_it_sees_alone(data):
    trees = data.draw(
        st.lists(st.sampled_from([LONG, SHORT, FORKED]), min_size=1, max_size=6)
    )
    places = [data.draw(st.integers(0, 2)) for _ in trees]
    places[0] = max(places)  # the last row has a tree
    packed = pack_rows(trees, places)
    n_rows, width = packed.ids.shape
    expected = np.tile(np.eye(width, dtype=bool), (n_rows, 1, 1))
    for one, first in zip(trees, packed.firsts, strict=True):
        row, column = divmod(int(first), width)
        own = slice(column, column + len(one))
        assert packed.ids[row, own].tolist() == one.ids.tolist()
        expected[row, own, own] = seen(one.starts, one.ends)
    found = np.stack(
        [seen(*pair) for pair in zip(packed.starts, packed.ends, strict=True)]
    )
    np.testing.assert_array_equal(found, expected)
    assert len(packed.real) == sum(map(len, trees))


def linking(names, n_text, first_id):
    """A text of so many tokens, and the last token of each name."""
    return pack_with_names(range(first_id, first_id + n_text), range(n_text), names)


FEW = pack_names((1, 9), [(50, 51, 2), (4, 2)])
MANY = pack_names((1,), [(60 + number, 7, 3) for number in range(80)])


@given(st.data())
def test_trees_share_rows_with_the_names_that_they_see(data):
    kinds = st.sampled_from([None, FEW, MANY])
    trees = []
    for number in range(data.draw(st.integers(1, 12))):
        names, n_text = data.draw(kinds), data.draw(st.integers(1, 90))
        first = 100 * (number + 1)
        trees.append(
            linking(names, n_text, first) if names else tree((first,) * n_text)
        )
    names = [one.linked for one in trees]
    packed = pack_rows_with_linked(trees)
    width = packed.ids.shape[1]
    for one, known, first in zip(trees, names, packed.firsts, strict=True):
        row, column = divmod(int(first), width)
        own = slice(column, column + len(one))
        assert packed.ids[row, own].tolist() == one.ids.tolist()
        if known is not None:
            assert packed.ids[row, : len(known)].tolist() == known.ids.tolist()
            np.testing.assert_array_equal(packed.links[row, own], one.links)
    n_names = len(packed.real) - sum(map(len, trees))
    each = sum(len(one) for one in names if one is not None)
    once = sum({id(one): len(one) for one in names if one is not None}.values())
    assert once <= n_names <= each


def test_short_texts_share_one_row_and_long_ones_do_not():
    short = [linking(FEW, 5, 100 * number) for number in range(1, 9)]
    assert len(pack_rows_with_linked(short).ids) == 1
    long = [linking(FEW, 600, 1000 * number) for number in range(1, 5)]
    assert len(pack_rows_with_linked(long).ids) == 4


@pytest.mark.parametrize("n_sharing", [0, 4, 12, 24])
def test_texts_with_labels_of_their_own_are_not_padded_to_the_rows_of_others(n_sharing):
    """All rows are as wide as the widest."""
    rng = np.random.default_rng(0)
    trees = []
    for number, n_text in enumerate(rng.integers(12, 50, 24)):
        own = pack_names((1, 9), [(60 + number, 7, 3), (9, 3)])
        names = FEW if number < n_sharing else own
        trees.append(linking(names, int(n_text), 100 * number))
    packed = pack_rows_with_linked(trees)
    longest = max(len(one) + len(one.linked) for one in trees)
    assert packed.ids.size <= 1.1 * len(trees) * longest
    assert len(packed.real) <= sum(len(one) + len(one.linked) for one in trees)
    if n_sharing == len(trees):
        assert len(packed.ids) <= len(trees) / 2


@pytest.mark.parametrize(
    ("arrays", "padded"),
    [
        ([[1, 2], [], [3]], [[1, 2], [0, 0], [3, 0]]),
        ([[4, 5, 6]], [[4, 5, 6]]),
        ([[], []], [[], []]),
    ],
)
def test_short_arrays_are_filled_with_zeros(arrays, padded):
    found = pad([np.array(array, dtype=np.int64) for array in arrays])
    assert found.tolist() == padded and found.dtype == np.int64


def test_padding_of_flags_is_false():
    found = pad([np.array([True]), np.array([True, True])])
    assert found.tolist() == [[True, False], [True, True]]
