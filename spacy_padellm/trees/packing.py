"""Prompts packed into one tree, in which shared tokens are computed once.

The loss of a gold tree equals the loss of the flat data set with one sequence for each
(label, mention) pair: equal targets at the same node add their weights.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..types import TokenIds
from .trie import Trie, subtree_ends


@dataclass(frozen=True, slots=True)
class GoldSequence:
    """One sequence of the flat data set: a prompt and the answer to learn.

    answer: the tokens to predict, the end-of-sequence token included.
    weights: the loss weight of each answer token.
    allowed: the tokens that may stand at each place of the answer, among which the
        right one is learned; None is the whole vocabulary. Empty: None everywhere.
    prefix: this many of the prompt's first tokens see each other in both directions.
    """

    prompt: TokenIds
    answer: TokenIds
    weights: tuple[float, ...]
    prefix: int = 0
    allowed: tuple[TokenIds | None, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PackedTree:
    """The prompts of one text, packed in depth-first order.

    ids, positions, starts, ends: [nodes]; node i sees node j where
        `starts[j] <= i < ends[j]`, see `subtree_ends`.
    links: [nodes, 2]; node i also sees nodes `links[i, 0]` to `links[i, 1]`, without
        the last, of the tree `linked`.
    """

    ids: np.ndarray
    positions: np.ndarray
    starts: np.ndarray
    ends: np.ndarray
    links: np.ndarray

    @classmethod
    def of(cls, trie: Trie, prefix: range, **fields: Any) -> "PackedTree":
        """The tree of a trie whose nodes are in depth-first order.

        prefix: these nodes see each other in both directions.
        """
        starts = np.arange(len(trie), dtype=np.int64)
        starts[prefix.start : prefix.stop] = prefix.start
        return cls(
            ids=np.array(trie.tokens, dtype=np.int64),
            positions=np.array(trie.depths, dtype=np.int64),
            starts=starts,
            ends=np.array(subtree_ends(trie.parents), dtype=np.int64),
            links=np.zeros((len(trie), 2), dtype=np.int64),
            **fields,
        )

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def linked(self) -> "KeptTree | None":
        """The tree that this one links to; None if it has no links."""
        return None

    @property
    def span(self) -> int:
        """The context that the tree needs, in tokens."""
        return int(np.ptp(self.positions)) + 1 if len(self) else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptTree(PackedTree):
    """Nodes that see no text, so they are computed once for all texts."""

    @property
    def key(self) -> tuple[bytes, bytes]:
        """The same for trees with the same hidden states, keys and values."""
        return self.ids.tobytes(), self.ends.tobytes()


@dataclass(frozen=True, slots=True, kw_only=True)
class GoldTree(PackedTree):
    """The gold sequences of one text.

    sources, targets, weights: [pairs]; the hidden state of node `source` predicts token
        `target`, with the loss weight `weight`.
    allowed: sets of tokens. among: [pairs], the number of the set that the target is
        predicted from; -1 is the whole vocabulary.
    """

    sources: np.ndarray
    targets: np.ndarray
    weights: np.ndarray
    allowed: tuple[TokenIds, ...]
    among: np.ndarray

    @property
    def weight(self) -> float:
        """What the text's loss is divided by in the mean: the weight of all targets."""
        return float(self.weights.sum())


def pack_gold(sequences: Sequence[GoldSequence]) -> GoldTree:
    """Pack the gold sequences of one text: one or more, with prompts and one prefix."""
    trie = Trie()
    pairs: dict[tuple[int, int, TokenIds | None], float] = {}
    # sorted sequences enter the trie in depth-first order
    for gold in sorted(sequences, key=lambda gold: (gold.prompt + gold.answer)[:-1]):
        path = trie.insert(gold.prompt + gold.answer[:-1])
        sources = path[len(gold.prompt) - 1 :]
        allowed = gold.allowed or (None,) * len(gold.answer)
        for source, target, ids, weight in zip(
            sources, gold.answer, allowed, gold.weights, strict=True
        ):
            if weight:
                pair = source, target, ids
                pairs[pair] = pairs.get(pair, 0.0) + weight
    sets = dict.fromkeys(ids for _, _, ids in pairs if ids is not None)
    numbers = {None: -1} | {ids: number for number, ids in enumerate(sets)}
    among = [numbers[ids] for _, _, ids in pairs]
    return GoldTree.of(
        trie,
        range(sequences[0].prefix),
        sources=np.array([source for source, _, _ in pairs], dtype=np.int64),
        targets=np.array([target for _, target, _ in pairs], dtype=np.int64),
        weights=np.array(list(pairs.values()), dtype=np.float32),
        allowed=tuple(sets),
        among=np.array(among, dtype=np.int64),
    )
