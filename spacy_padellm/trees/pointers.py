"""Trees in which the labels of a text are compared with its tokens."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..types import TokenIds
from .packing import PackedTree
from .trie import ROOT, Trie


@dataclass(frozen=True, slots=True)
class LabelTree(PackedTree):
    """Labels that do not see the text. Their hidden states are the same for each text.

    queries: [labels], the last node of each label's branch.
    """

    queries: np.ndarray

    @property
    def key(self) -> tuple[bytes, bytes]:
        """The same for trees with the same hidden states."""
        return self.ids.tobytes(), self.ends.tobytes()


@dataclass(frozen=True, slots=True)
class PointerTree(PackedTree):
    """A text and its labels.

    queries: [labels], the last node of each label's branch; in `labels`, if that is not
        None.
    keys: [tokens], the nodes of the text's tokens.
    """

    queries: np.ndarray
    keys: np.ndarray
    labels: LabelTree | None


@dataclass(frozen=True, slots=True)
class GoldPointers(PointerTree):
    """A text and its labels, with their mentions. The labels are in the same tree.

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
    labels = branches if isinstance(branches, LabelTree) else None
    if labels is None:
        queries = _insert_sorted(trie, branches, [ROOT, *path][stem], len(prompt))
    else:
        queries = labels.queries
    fields = {"keys": np.arange(keys.start, keys.stop), "queries": queries}
    fields |= {"labels": labels, **(gold or {})}
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
