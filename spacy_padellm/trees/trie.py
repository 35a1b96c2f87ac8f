"""A tree of token sequences with shared prefixes."""

from collections.abc import Iterable

ROOT = -1


class Trie:
    """A token trie. Nodes are numbered in the order of insertion, so parents come
    before their children.

    tokens, parents, depths: one entry for each node. The depth is the token's position
        in its sequence, from 0. The parent of a first token is ROOT.
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
        """Insert `ids` below `parent`; returns the node of each token."""
        path = []
        for token in ids:
            node = self._children.get((parent, token))
            if node is None:
                node = self._add(token, parent)
            path.append(node)
            parent = node
        return path

    def child(self, parent: int, token: int) -> int | None:
        """The child of `parent` with this token, if there is one."""
        return self._children.get((parent, token))

    def duplicate(self, node: int) -> int:
        """Add a second node with the same token and parent, which replaces the first
        one in `insert`."""
        return self._add(self.tokens[node], self.parents[node])

    def _add(self, token: int, parent: int) -> int:
        node = len(self.tokens)
        self._children[parent, token] = node
        self.tokens.append(token)
        self.parents.append(parent)
        self.depths.append(0 if parent == ROOT else self.depths[parent] + 1)
        return node


def subtree_ends(parents: list[int]) -> list[int]:
    """The exclusive end of each node's subtree, for nodes in depth-first order.

    Node j is i or an ancestor of i exactly if `j <= i < ends[j]`. This one comparison
    gives the whole attention mask of a packed tree.
    """
    ends = list(range(1, len(parents) + 1))
    for node in range(len(parents) - 1, -1, -1):
        parent = parents[node]
        if parent >= 0:
            ends[parent] = max(ends[parent], ends[node])
    return ends
