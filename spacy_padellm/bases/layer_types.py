"""What the layers of a base look back on: all tokens, or a sliding window."""

from typing import TYPE_CHECKING, Any

from ..trees.masks import limited

if TYPE_CHECKING:
    import torch

FULL, SLIDING = "full_attention", "sliding_attention"


def layer_types(config: Any) -> tuple[str, ...]:
    """The type of each layer, as transformers names it in `config.layer_types`.

    Kinds without that field have one type: sliding if they have a window (Mistral).
    """
    types = getattr(config, "layer_types", None)
    if types:
        return tuple(types)
    only = SLIDING if getattr(config, "sliding_window", None) else FULL
    return (only,) * config.num_hidden_layers


def layer_masks(
    config: Any, positions: "torch.Tensor", mask: "torch.Tensor"
) -> "dict[str, torch.Tensor]":
    """The mask of each type of layer. transformers limits no mask that it is given.

    positions: [batch, cached + tokens]. mask: bool [batch, tokens, cached + tokens].
    """
    window = getattr(config, "sliding_window", None)
    return {
        one: limited(mask, positions, window) if one == SLIDING and window else mask
        for one in dict.fromkeys(layer_types(config))
    }
