"""Copy an adapter in bfloat16, for shipping.

    python scripts/ship_adapter.py training/english_mean assets/smollm2-135m-english

The first folder is an adapter, or a pipeline with one. The breadths of usual labels are
measured here and kept in the card, so that no user's process has to.
"""

import argparse
from dataclasses import replace
from pathlib import Path

import spacy
import torch
from safetensors.torch import load, save

from spacy_padellm.adapters.card import AdapterCard
from spacy_padellm.adapters.files import Adapter, read_adapter, write_adapter
from spacy_padellm.labels import KNOWN_NAMES
from spacy_padellm.model.shim import causal_lm_shim


def main(source: Path, out: Path, join_tokens: int | None = None) -> None:
    inside = source / "padellm_ner" / "adapter"
    adapter = read_adapter(inside if inside.is_dir() else source)
    if join_tokens is not None:
        card = replace(adapter.card, join_tokens=join_tokens)
        adapter = replace(adapter, card=card)
    head = None if adapter.head is None else halved(adapter.head)
    adapter = replace(adapter, weights=halved(adapter.weights), head=head)
    write_adapter(out, replace(adapter, card=replace(adapter.card, breadths={})))
    write_adapter(out, measured(out))


def measured(folder: Path) -> Adapter:
    """The adapter in a folder, with breadths in its card if it has a head."""
    adapter = read_adapter(folder)
    if adapter.card.head is None:
        return adapter
    breadths = {name: round(one, 4) for name, one in breadths_of(folder, adapter.card)}
    return replace(adapter, card=replace(adapter.card, breadths=breadths))


def breadths_of(folder: Path, card: AdapterCard) -> list[tuple[str, float]]:
    """Of the card's names, and of those that lists of labels get."""
    names = dict.fromkeys([*card.labels.values(), *KNOWN_NAMES.values()])
    model = {"base": card.base, "adapter": str(folder), "dtype": "float32"}
    ner = spacy.blank("xx").add_pipe(
        "padellm_ner",
        config={
            "labels": {f"LABEL{i}": name for i, name in enumerate(names)},
            "model": {**model, "device": "cpu"},
        },
    )
    ner.warm_up()
    known = causal_lm_shim(ner.model).engine.decoding.breadths()
    return [(name, known[name]) for name in names]


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
