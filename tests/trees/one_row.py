"""A tree and the names that it links to, in one row."""

import numpy as np

from spacy_padellm.trees.packing import PackedTree
from spacy_padellm.trees.rows import pack_rows


def in_one_row(tree):
    """The names, and the text behind them; the text's first node."""
    in_front = [] if tree.linked is None else [tree.linked]
    rows = pack_rows([*in_front, tree], [0] * (len(in_front) + 1))
    fields = ("ids", "positions", "starts", "ends", "links")
    row = PackedTree(**{name: getattr(rows, name)[0] for name in fields})
    return row, int(rows.firsts[-1])


def seen_by(tree, node):
    """The nodes that a node sees, in order."""
    seen = (tree.starts <= node) & (node < tree.ends)
    seen[slice(*tree.links[node])] = True
    return np.flatnonzero(seen).tolist()
