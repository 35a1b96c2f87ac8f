"""Average the weights of two adapters that were trained one from the other.

    python scripts/average_adapters.py FIRST SECOND OUT

FIRST, SECOND and OUT are folders of adapters. Wortsman et al. 2022 (arXiv 2203.05482)
call the mean of fine-tuned weights a model soup. OUT gets the card of SECOND.
"""

import argparse
from dataclasses import replace
from pathlib import Path

from safetensors.torch import load, save

from spacy_padellm.adapters.files import read_adapter, write_adapter


def mean(first: bytes, second: bytes) -> bytes:
    """safetensors. ValueError: the tensors have other names or shapes."""
    ones, others = load(first), load(second)
    if {k: v.shape for k, v in ones.items()} != {k: v.shape for k, v in others.items()}:
        raise ValueError("the adapters have other tensors")
    return save({name: (ones[name] + others[name]) / 2 for name in ones})


def main(first: Path, second: Path, out: Path) -> None:
    one, other = read_adapter(first), read_adapter(second)
    head = None if other.head is None else mean(one.head, other.head)
    weights = mean(one.weights, other.weights)
    card = replace(other.card, breadths={})  # they are of its own weights
    write_adapter(out, replace(other, card=card, weights=weights, head=head))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    for name in ("first", "second", "out"):
        parser.add_argument(name, type=Path)
    args = parser.parse_args()
    main(args.first, args.second, args.out)
