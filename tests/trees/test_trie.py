"""The trie holds each prefix once, and one comparison finds all ancestors."""

from hypothesis import given
from hypothesis import strategies as st

from spacy_padellm.trees.trie import ROOT, Trie, subtree_ends

ids = st.lists(st.integers(0, 2), min_size=1, max_size=6).map(tuple)
id_lists = st.lists(ids, min_size=1, max_size=12)


def ancestors(parents, node):
    """A node and all above it, by walking up."""
    found = set()
    while node != ROOT:
        found.add(node)
        node = parents[node]
    return found


def spelled(trie, node):
    path = sorted(ancestors(trie.parents, node), key=lambda at: trie.depths[at])
    return tuple(trie.tokens[at] for at in path)


def prefixes(sequences):
    return {ids[:n] for ids in sequences for n in range(1, len(ids) + 1)}


@given(id_lists)
def test_the_nodes_are_the_distinct_prefixes(sequences):
    trie = Trie()
    for sequence in sequences:
        path = trie.insert(sequence)
        assert [spelled(trie, node) for node in path] == [
            sequence[:n] for n in range(1, len(sequence) + 1)
        ]
    written = [spelled(trie, node) for node in range(len(trie))]
    assert sorted(written) == sorted(prefixes(sequences))
    assert trie.depths == [len(prefix) - 1 for prefix in written]


@given(id_lists)
def test_what_was_inserted_is_found_and_not_added_again(sequences):
    trie = Trie()
    paths = [trie.insert(sequence) for sequence in sequences]
    size = len(trie)
    assert [trie.insert(sequence) for sequence in sequences] == paths
    assert len(trie) == size


@given(ids, ids)
def test_insert_goes_on_below_a_node(above, below):
    whole, parts = Trie(), Trie()
    path = whole.insert(above + below)
    parent = parts.insert(above)[-1]
    assert parts.insert(below, parent) == path[len(above) :]
    assert (parts.tokens, parts.parents) == (whole.tokens, whole.parents)


@given(id_lists, st.data())
def test_a_duplicate_is_a_sibling_that_later_inserts_find(sequences, data):
    trie = Trie()
    for sequence in sequences:
        trie.insert(sequence)
    node = data.draw(st.integers(0, len(trie) - 1))
    twin = trie.duplicate(node)
    assert twin == len(trie) - 1 and twin != node
    assert spelled(trie, twin) == spelled(trie, node)
    assert trie.insert(spelled(trie, node))[-1] == twin


@given(id_lists)
def test_subtree_ends_tell_ancestors(sequences):
    trie = Trie()
    for sequence in sorted(sequences):
        trie.insert(sequence)
    ends = subtree_ends(trie.parents)
    for node in range(len(trie)):
        seen = {other for other in range(len(trie)) if other <= node < ends[other]}
        assert seen == ancestors(trie.parents, node)


@given(id_lists, id_lists)
def test_subtree_ends_hold_for_what_is_new_below_an_older_tree(old, new):
    """As an engine uses them: parents in the older tree count as roots."""
    trie = Trie()
    for sequence in old:
        trie.insert(sequence)
    first = len(trie)
    for sequence in sorted(new):
        trie.insert(sequence)
    parents = [parent - first for parent in trie.parents[first:]]
    ends = subtree_ends(parents)
    for node in range(len(parents)):
        seen = {other for other in range(len(parents)) if other <= node < ends[other]}
        above = ancestors(trie.parents, first + node)
        assert seen == {other - first for other in above if other >= first}
