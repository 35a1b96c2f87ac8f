"""Trees in which the labels of a text are compared with its tokens."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from ..types import TokenIds
from .packing import KeptTree, PackedTree
from .trie import ROOT, Trie

# Names see no other names, and attention costs the square of the tokens in a row.
BLOCK_TOKENS = 512


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelTree(KeptTree):
    """Labels that do not see the text. Their hidden states are the same for each text.

    queries: [labels], the last node of each label's branch.
    """

    queries: np.ndarray


@dataclass(frozen=True, slots=True, kw_only=True)
class NameTree(KeptTree):
    """Labels without their last tokens. Their keys and values are the same for each
    text.

    names: [labels, 2]; the nodes of each label, from the first to behind the last.
    last_ids: [labels], the last token of each. It sees the text and its own label, and
        is in the tree of the text.
    stem: how many nodes precede each label.
    blocks: [blocks + 1], the first node of each block, and the number of nodes. Each
        block begins with a stem of its own, so that they can be in several rows.
    """

    names: np.ndarray
    last_ids: np.ndarray
    stem: int
    blocks: Sequence[int]

    def block_trees(self) -> list[PackedTree]:
        """A tree for each block."""
        return [
            PackedTree(
                ids=self.ids[first:end],
                positions=self.positions[first:end],
                starts=self.starts[first:end] - first,
                ends=self.ends[first:end] - first,
                links=self.links[first:end],
            )
            for first, end in pairwise(self.blocks)
        ]


@dataclass(frozen=True, slots=True, kw_only=True)
class PointerTree(PackedTree):
    """A text and its labels.

    queries: [labels], the last node of each label's branch; in `kept`, if that is a
        `LabelTree`.
    keys: [tokens], the nodes of the text's tokens.
    kept: what is computed once of the labels; None if it is empty.
    """

    queries: np.ndarray
    keys: np.ndarray
    kept: LabelTree | NameTree | None

    @property
    def linked(self) -> NameTree | None:
        return self.kept if isinstance(self.kept, NameTree) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class GoldPointers(PointerTree):
    """A text and its labels, with their mentions. It links to names, or has all of the
    labels.

    spans: [mentions, 3]; the label, the first and the last token of each.
    known: bool [tokens]; false where a token has no annotation. Nothing is learned from
        such tokens.
    """

    spans: np.ndarray
    known: np.ndarray

    @property
    def weight(self) -> float:
        """What the text's loss is divided by in the mean: texts count the same."""
        return 1.0


def pack_labels(stem: TokenIds, branches: Sequence[TokenIds]) -> LabelTree:
    """Pack labels that do not see the text. stem: what precedes them, such as the token
    that begins each prompt."""
    trie = Trie()
    queries = _insert_sorted(trie, branches, [ROOT, *trie.insert(stem)][-1], len(stem))
    return LabelTree.of(trie, range(0), queries=queries)


def pack_names(stem: TokenIds, branches: Sequence[TokenIds]) -> NameTree:
    """Pack labels without their last tokens. No label sees another one.

    stem: what precedes each label, such as a newline.
    branches: the tokens of each label, the last one too.
    """
    starts = np.zeros(len(branches), dtype=np.int64)
    ids: list[int] = []
    positions: list[int] = []
    ends: list[int] = []
    blocks: list[int] = []
    # sorted, so that the order of labels changes nothing
    for number in sorted(range(len(branches)), key=branches.__getitem__):
        name = branches[number][:-1]
        if not blocks or len(ids) - blocks[-1] + len(name) > BLOCK_TOKENS:
            blocks.append(len(ids))
            ids += stem
            positions += range(len(stem))
            ends += [0] * len(stem)
        starts[number] = len(ids)
        ids += name
        positions += range(len(stem), len(stem) + len(name))
        ends += [len(ids)] * len(name)
    blocks.append(len(ids))
    for first, end in pairwise(blocks):
        ends[first : first + len(stem)] = [end] * len(stem)
    lengths = np.array([len(branch) - 1 for branch in branches], dtype=np.int64)
    return NameTree(
        ids=np.array(ids, dtype=np.int64),
        positions=np.array(positions, dtype=np.int64),
        starts=np.arange(len(ids)),
        ends=np.array(ends, dtype=np.int64),
        links=np.zeros((len(ids), 2), dtype=np.int64),
        names=np.stack([starts, starts + lengths], axis=1),
        last_ids=np.array([branch[-1] for branch in branches], dtype=np.int64),
        stem=len(stem),
        blocks=blocks,
    )


def pack_with_names(
    prompt: TokenIds,
    keys: range,
    names: NameTree,
    gold: dict[str, Any] | None = None,
) -> PointerTree:
    """Pack a text and the last token of each label. The tokens of the prompt see each
    other in both directions. They stand before the labels, up to the position of the
    last token of their stem.

    prompt, keys, gold: as in `pack_pointers`.
    """
    n_text, n_labels = len(prompt), len(names.last_ids)
    n_nodes = n_text + n_labels
    # sorted like the labels themselves
    order = np.lexsort((names.last_ids, *names.names.T[::-1]))
    queries = np.empty(n_labels, dtype=np.int64)
    queries[order] = np.arange(n_text, n_nodes)
    lengths = names.names[:, 1] - names.names[:, 0]
    links = np.zeros((n_nodes, 2), dtype=np.int64)
    links[queries] = names.names
    text = np.array(prompt, dtype=np.int64)
    kind = PointerTree if gold is None else GoldPointers
    return kind(
        ids=np.concatenate([text, names.last_ids[order]]),
        positions=names.stem + np.concatenate([np.arange(-n_text, 0), lengths[order]]),
        starts=np.concatenate([np.zeros(n_text, int), np.arange(n_text, n_nodes)]),
        ends=np.concatenate([np.full(n_text, n_nodes), np.arange(n_text, n_nodes) + 1]),
        links=links,
        queries=queries,
        keys=np.arange(keys.start, keys.stop),
        kept=names or None,
        **(gold or {}),
    )


def pack_pointers(
    prompt: TokenIds,
    keys: range,
    branches: Sequence[TokenIds] | LabelTree,
    *,
    stem: int,
    gold: dict[str, Any] | None = None,
) -> PointerTree:
    """Pack a text and its labels. The tokens of the prompt see each other in both
    directions, without the stem if labels continue it.

    prompt: of the text. keys: which of its tokens are those of the text.
    branches: what follows for each label, or labels that are computed by themselves.
    stem: the branches continue this many tokens of the prompt.
    gold: the fields of `GoldPointers`, if it is one.
    """
    trie = Trie()
    path = trie.insert(prompt)
    kept = None
    if isinstance(branches, LabelTree):
        kept, queries = branches or None, branches.queries
    else:
        queries = _insert_sorted(trie, branches, [ROOT, *path][stem], len(prompt))
    fields = {"keys": np.arange(keys.start, keys.stop), "queries": queries}
    fields |= {"kept": kept, **(gold or {})}
    first = 0 if stem == len(prompt) else stem
    kind = PointerTree if gold is None else GoldPointers
    return kind.of(trie, range(first, len(prompt)), **fields)


def _insert_sorted(
    trie: Trie, branches: Sequence[TokenIds], parent: int, n_others: int
) -> np.ndarray:
    """The last node of each branch below `parent`. Sorted branches enter the trie in
    depth-first order, so that the order of labels changes nothing. They share none of
    the first `n_others` nodes, those of the text, which see each other."""
    last = np.zeros(len(branches), dtype=np.int64)
    for number in sorted(range(len(branches)), key=branches.__getitem__):
        there = trie.child(parent, branches[number][0])
        if there is not None and there < n_others:
            trie.duplicate(there)
        last[number] = trie.insert(branches[number], parent)[-1]
    return last
