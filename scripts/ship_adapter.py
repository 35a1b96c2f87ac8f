"""Copy an adapter in bfloat16, for shipping.

    python scripts/ship_adapter.py training/english_mean assets/smollm2-135m-english

The first folder is an adapter, or a pipeline with one.
"""

import argparse
from dataclasses import replace
from pathlib import Path

import torch
from safetensors.torch import load, save

from spacy_padellm.adapters.files import read_adapter, write_adapter


def main(source: Path, out: Path, join_tokens: int | None = None) -> None:
    inside = source / "padellm_ner" / "adapter"
    adapter = read_adapter(inside if inside.is_dir() else source)
    if join_tokens is not None:
        card = replace(adapter.card, join_tokens=join_tokens)
        adapter = replace(adapter, card=card)
    head = None if adapter.head is None else halved(adapter.head)
    write_adapter(out, replace(adapter, weights=halved(adapter.weights), head=head))


def halved(weights: bytes) -> bytes:
    """safetensors in bfloat16"""
    tensors = load(weights)
    return save({name: one.to(torch.bfloat16) for name, one in tensors.items()})


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("source", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument(
        "--join-tokens",
        type=int,
        help="for its card: the length of windows in which it finds most, if that is "
        "not the one that it was trained with",
    )
    args = parser.parse_args()
    main(args.source, args.out, args.join_tokens)
