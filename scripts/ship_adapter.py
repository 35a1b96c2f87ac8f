"""Take the adapter out of a trained pipeline, in bfloat16, for shipping.

python scripts/ship_adapter.py training/english/model-last assets/smollm2-135m-english
"""

import argparse
from dataclasses import replace
from pathlib import Path

import torch
from safetensors.torch import load, save

from spacy_padellm.adapters.files import read_adapter, write_adapter


def main(pipeline: Path, out: Path) -> None:
    adapter = read_adapter(pipeline / "padellm_ner" / "adapter")
    head = None if adapter.head is None else halved(adapter.head)
    write_adapter(out, replace(adapter, weights=halved(adapter.weights), head=head))


def halved(weights: bytes) -> bytes:
    """safetensors in bfloat16"""
    tensors = load(weights)
    return save({name: one.to(torch.bfloat16) for name, one in tensors.items()})


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("pipeline", type=Path)
    parser.add_argument("out", type=Path)
    args = parser.parse_args()
    main(args.pipeline, args.out)
