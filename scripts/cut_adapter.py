"""Cut an adapter to the first layers of its base, as the start of a faster one.

    python scripts/cut_adapter.py ADAPTER OUT --layers 20

What is left finds little before it is trained again.
"""

import argparse
import re
from dataclasses import replace
from pathlib import Path

from safetensors.torch import load, save

from spacy_padellm.adapters.files import Adapter, read_adapter, write_adapter


def cut(adapter: Adapter, layers: int) -> Adapter:
    """The adapter without the tensors of layers above the first `layers`.

    ValueError: it has no more than that.
    """
    tensors = load(adapter.weights)
    kept = {name: one for name, one in tensors.items() if layer_of(name) < layers}
    if len(kept) == len(tensors):
        raise ValueError(f"the adapter has no more than {layers} layers")
    card = replace(adapter.card, layers=layers, breadths={})
    return replace(adapter, card=card, weights=save(kept))


def layer_of(name: str) -> int:
    """Of a tensor, from 0. -1 for one that belongs to no layer."""
    found = re.search(r"\.layers\.(\d+)\.", name)
    return int(found[1]) if found else -1


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("source", type=Path, help="folder of an adapter")
    parser.add_argument("out", type=Path)
    parser.add_argument("--layers", type=int, required=True, help="how many to keep")
    args = parser.parse_args()
    write_adapter(args.out, cut(read_adapter(args.source), args.layers))
