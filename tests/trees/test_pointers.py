"""A text and its labels in one tree: the text once, and a branch for each label."""

import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_padellm.trees.pointers import (
    GoldPointers,
    PointerTree,
    pack_labels,
    pack_names,
    pack_pointers,
    pack_with_names,
)

from .one_row import in_one_row, seen_by

token = st.integers(0, 2)
prompts = st.lists(token, min_size=1, max_size=6).map(tuple)
branch_lists = st.lists(
    st.lists(token, min_size=1, max_size=4).map(tuple), max_size=6, unique=True
)
PROMPT, KEYS = (7, 8, 9, 7, 1), range(1, 4)
ALONE = {"stem": 1}
BEHIND = {"stem": len(PROMPT)}


def pack(prompt, branches, **options):
    """The labels behind the whole prompt, which is all text."""
    keys = range(len(prompt))
    return pack_pointers(prompt, keys, branches, stem=len(prompt), **options)


def read_at(tree, node):
    """The ids that a node sees, itself included."""
    return tuple(tree.ids[seen_by(tree, node)].tolist())


@given(prompts, branch_lists)
def test_each_query_reads_the_prompt_and_its_own_branch(prompt, branches):
    tree = pack(prompt, branches)
    assert [read_at(tree, node) for node in tree.queries] == [
        prompt + branch for branch in branches
    ]
    for node, branch in zip(tree.queries, branches, strict=True):
        assert tree.positions[node] == len(prompt + branch) - 1


@given(prompts, branch_lists)
def test_what_branches_share_is_computed_once(prompt, branches):
    distinct = {branch[:n] for branch in branches for n in range(1, len(branch) + 1)}
    assert len(pack(prompt, branches)) == len(prompt) + len(distinct)


@given(prompts, branch_lists)
def test_the_prompt_sees_all_of_itself_and_nothing_else(prompt, branches):
    tree = pack(prompt, branches)
    for node in range(len(prompt)):
        assert seen_by(tree, node) == list(range(len(prompt)))


def test_keys_are_the_nodes_of_the_texts_tokens():
    tree = pack_pointers(PROMPT, KEYS, [(4, 5)], **BEHIND)
    assert tree.ids[tree.keys].tolist() == [8, 9, 7]
    assert tree.positions[tree.keys].tolist() == [1, 2, 3]


def test_a_branch_that_begins_another_ends_within_it():
    tree = pack_pointers(PROMPT, KEYS, [(4, 5, 6), (4,), (4, 5)], **BEHIND)
    assert tree.ids.tolist() == [*PROMPT, 4, 5, 6]
    assert tree.queries.tolist() == [7, 5, 6]
    assert tree.ends.tolist() == [8] * 8


@given(prompts, branch_lists, st.randoms(use_true_random=False))
def test_the_order_of_labels_changes_only_the_order_of_queries(
    prompt, branches, rng: random.Random
):
    order = list(range(len(branches)))
    rng.shuffle(order)
    one = pack(prompt, branches)
    other = pack(prompt, [branches[label] for label in order])
    for field in ("ids", "positions", "starts", "ends", "keys"):
        np.testing.assert_array_equal(getattr(one, field), getattr(other, field))
    np.testing.assert_array_equal(one.queries[order], other.queries)


def test_only_a_tree_with_gold_has_gold_and_weighs_one():
    assert type(pack(PROMPT, [(4,)])) is PointerTree
    gold = {"spans": np.array([[0, 1, 2], [0, 2, 2]]), "known": np.ones(5, dtype=bool)}
    tree = pack(PROMPT, [(4,)], gold=gold)
    assert type(tree) is GoldPointers
    assert tree.spans is gold["spans"] and tree.known is gold["known"]
    assert tree.weight == 1.0


def test_without_labels_there_is_the_text_alone():
    tree = pack(PROMPT, [])
    assert tree.ids.tolist() == list(PROMPT) and len(tree.queries) == 0


@given(branch_lists, st.sampled_from([(), (7,)]))
def test_labels_alone_read_the_stem_and_themselves(branches, stem):
    tree = pack_labels(stem, branches)
    assert [read_at(tree, node) for node in tree.queries] == [
        stem + branch for branch in branches
    ]


def test_labels_in_the_tree_of_a_text_may_not_see_it():
    """So that the model learns with one tree what it reads in two."""
    branches = [(4, 5), (4, 6)]
    tree = pack_pointers(PROMPT, KEYS, branches, **ALONE)
    alone = pack_labels(PROMPT[:1], branches)
    for node, other in zip(tree.queries, alone.queries, strict=True):
        assert read_at(tree, node) == read_at(alone, other)
        assert tree.positions[node] == alone.positions[other]
    apart = pack_pointers(PROMPT, KEYS, alone, **ALONE)
    assert apart.kept is alone and apart.queries is alone.queries
    assert tree.kept is None
    for node in range(len(PROMPT)):
        expected = [0] if node == 0 else list(range(len(PROMPT)))
        assert seen_by(tree, node) == seen_by(apart, node) == expected


def test_a_label_alone_with_the_first_words_of_the_text_does_not_see_it():
    branches = [PROMPT[1:3], PROMPT[1:2] + (4,)]
    tree = pack_pointers(PROMPT, KEYS, branches, **ALONE)
    assert [read_at(tree, node) for node in tree.queries] == [
        PROMPT[:1] + branch for branch in branches
    ]


@pytest.mark.parametrize(
    "others",
    [[(4, 6), (4, 5)], [(4, 5), (4, 6), (9,)], [(4, 5)], [(4, 5, 6)], [(4, 6, 5)]],
)
def test_labels_have_the_key_of_the_same_labels_in_any_order(others):
    branches = [(4, 5), (4, 6)]
    one, other = pack_labels((7,), branches), pack_labels((7,), others)
    assert (one.key == other.key) == (set(branches) == set(others))
    assert one.key != pack_labels((8,), branches).key


def test_what_is_empty_is_not_kept():
    nothing = pack_labels((), [])
    tree = pack_pointers((5, 6), range(2), nothing, stem=0)
    assert tree.kept is None and tree.linked is None
    one_token = pack_names((), [(4,), (6,)])
    tree = pack_with_names((5, 6), range(2), one_token)
    assert tree.kept is None and tree.linked is None


# -- names that are read once ----------------------------------------------------------


def pack_apart(prompt, branches, before=(7, 8)):
    """A text, and the names that it links to."""
    return pack_with_names(prompt, range(len(prompt)), pack_names(before, branches))


@given(prompts, branch_lists)
def test_the_last_token_of_a_label_reads_the_text_and_its_name(prompt, branches):
    apart = pack_apart(prompt, branches)
    assert len(apart) == len(prompt) + len(branches), "one token for each label"
    row, first = in_one_row(apart)
    for node, branch in zip(apart.queries + first, branches, strict=True):
        seen = sorted(seen_by(row, node), key=row.positions.__getitem__)
        assert tuple(row.ids[seen].tolist()) == prompt + branch
        begin = row.positions[seen[0]]
        assert (row.positions[seen] - begin).tolist() == list(range(len(seen)))


@given(prompts, branch_lists, st.sampled_from([(7,), (7, 8)]))
def test_a_name_sees_what_precedes_it_and_no_other_name(prompt, branches, before):
    apart = pack_apart(prompt, branches, before)
    if not branches:
        assert apart.kept is None
        return
    row, first = in_one_row(apart)
    names = apart.kept.names.tolist()
    for (start, end), branch in zip(names, branches, strict=True):
        for node in range(start, end):
            seen = (*before, *branch[: node - start + 1])
            assert read_at(row, node) == seen
            assert row.positions[node] == len(seen) - 1
    assert sum(end - start for start, end in names) + len(before) == first


@given(prompts, branch_lists)
def test_the_text_sees_no_names(prompt, branches):
    apart = pack_apart(prompt, branches)
    row, first = in_one_row(apart)
    text = [*range(first, first + len(prompt))]
    for node in text:
        assert seen_by(row, node) == text
    assert row.ids[apart.keys + first].tolist() == list(prompt)


@given(prompts, branch_lists, st.randoms(use_true_random=False))
def test_the_order_of_names_changes_only_the_order_of_queries(
    prompt, branches, rng: random.Random
):
    order = list(range(len(branches)))
    rng.shuffle(order)
    one = pack_apart(prompt, branches)
    other = pack_apart(prompt, [branches[label] for label in order])
    for field in ("ids", "positions", "starts", "ends", "links", "keys"):
        np.testing.assert_array_equal(getattr(one, field), getattr(other, field))
    np.testing.assert_array_equal(one.queries[order], other.queries)
    if branches:
        assert one.kept.key == other.kept.key
        np.testing.assert_array_equal(one.kept.names[order], other.kept.names)


@pytest.mark.parametrize("others", [[(4, 5)], [(4, 5, 9), (4, 7, 9)], [(4, 5, 6, 9)]])
def test_other_names_have_another_key(others):
    one = pack_names((7,), [(4, 5, 9), (4, 6, 9)])
    assert one.key != pack_names((7,), others).key
    assert one.key != pack_names((8,), [(4, 5, 9), (4, 6, 9)]).key
    assert one.key == pack_names((7,), [(4, 6, 2), (4, 5, 9)]).key, "the last differs"


def test_a_tree_needs_the_context_of_its_text_and_longest_label():
    tree = pack_apart(PROMPT, [(4, 5, 6), (4,)])
    assert tree.span == len(PROMPT) + 3
    assert pack_pointers(PROMPT, KEYS, [(4, 5, 6), (4,)], **BEHIND).span == tree.span
