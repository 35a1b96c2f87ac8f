"""Token ids that share their beginnings, as one tree."""

from collections.abc import Iterable

ROOT = -1


class Trie:
    """A token trie. Nodes are numbered in the order in which they are inserted, so a
    parent always has a smaller number than its children.

    tokens, parents, depths: one entry a node; depth is the token's position in its
        sequence, from 0. The parent of a first token is ROOT.
    """

    __slots__ = ("tokens", "parents", "depths", "_children")

    def __init__(self) -> None:
        self.tokens: list[int] = []
        self.parents: list[int] = []
        self.depths: list[int] = []
        self._children: dict[tuple[int, int], int] = {}

    def __len__(self) -> int:
        return len(self.tokens)

    def insert(self, ids: Iterable[int], parent: int = ROOT) -> list[int]:
        """Walk `ids` down from `parent`, adding what is missing.

        Returns the nodes of the path, one a token.
        """
        path = []
        for token in ids:
            node = self._children.get((parent, token))
            if node is None:
                node = self._add(token, parent)
            path.append(node)
            parent = node
        return path

    def child(self, parent: int, token: int) -> int | None:
        """The node of `token` behind `parent`, if there is one."""
        return self._children.get((parent, token))

    def duplicate(self, node: int) -> int:
        """A second node for the same token behind the same parent; the later one is the
        one that `insert` finds from now on."""
        return self._add(self.tokens[node], self.parents[node])

    def _add(self, token: int, parent: int) -> int:
        node = len(self.tokens)
        self._children[parent, token] = node
        self.tokens.append(token)
        self.parents.append(parent)
        self.depths.append(0 if parent == ROOT else self.depths[parent] + 1)
        return node


def subtree_ends(parents: list[int]) -> list[int]:
    """For nodes in depth-first order, where each node's subtree ends, exclusive.

    Node j is i's ancestor, or i itself, exactly when `j <= i < ends[j]`: the whole
    attention mask of a packed tree in one comparison.
    """
    ends = list(range(1, len(parents) + 1))
    for node in range(len(parents) - 1, -1, -1):
        parent = parents[node]
        if parent >= 0:
            ends[parent] = max(ends[parent], ends[node])
    return ends
