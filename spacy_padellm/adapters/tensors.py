"""Tensors by name, as files have them."""

from collections.abc import Mapping

import torch


def tensor_faults(
    expected: Mapping[str, torch.Tensor], found: Mapping[str, torch.Tensor]
) -> list[str]:
    """What is wrong with the tensors of a file: missing, foreign, or of another
    shape."""
    return [
        *(f"missing {key}" for key in sorted(expected.keys() - found.keys())),
        *(f"foreign {key}" for key in sorted(found.keys() - expected.keys())),
        *(
            f"{key} has shape {list(found[key].shape)} for {list(value.shape)}"
            for key, value in sorted(expected.items())
            if key in found and found[key].shape != value.shape
        ),
    ]
