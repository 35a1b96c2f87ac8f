"""Trees in which the labels of a text are compared with its tokens."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..types import TokenIds
from .packing import PackedTree
from .trie import Trie


@dataclass(frozen=True, slots=True)
class PointerTree(PackedTree):
    """A text and its labels.

    queries: [labels], the last node of each label's branch.
    keys: [tokens], the nodes of the text's tokens.
    """

    queries: np.ndarray
    keys: np.ndarray


@dataclass(frozen=True, slots=True)
class GoldPointers(PointerTree):
    """A text and its labels, with their mentions.

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


def pack_pointers(
    prompt: TokenIds,
    keys: range,
    branches: Sequence[TokenIds],
    *,
    prefix: int,
    gold: dict[str, Any] | None = None,
) -> PointerTree:
    """Pack a text and its labels.

    prompt: of the text. keys: which of its tokens are those of the text.
    branches: what follows the prompt for each label.
    prefix: this many of the prompt's first tokens see each other in both directions.
    gold: the fields of `GoldPointers`, if it is one.
    """
    trie = Trie()
    path = trie.insert(prompt)
    # sorted branches enter the trie in depth-first order
    queries = np.zeros(len(branches), dtype=np.int64)
    for label in sorted(range(len(branches)), key=branches.__getitem__):
        queries[label] = trie.insert(branches[label], path[-1])[-1]
    fields = {"queries": queries, "keys": np.array(path)[keys.start : keys.stop]}
    if gold is None:
        return PointerTree.of(trie, prefix, **fields)
    return GoldPointers.of(trie, prefix, **fields, **gold)
