"""Gemma 3 without its images."""

import torch
from torch import nn
from transformers.models.gemma3.modeling_gemma3 import Gemma3TextScaledWordEmbedding

from ..norms import Norm
from .kind import Kind


def norm(module: nn.Module) -> Norm:
    """Scales by 1 + weight, in float32."""
    return Norm(1.0 + module.weight.data.float(), module.eps)


def cos_sin(
    body: nn.Module, x: torch.Tensor, positions: torch.Tensor, layer_type: str
) -> tuple[torch.Tensor, torch.Tensor]:
    """Layers with a sliding window rotate faster than those that see everything."""
    return body.rotary_emb(x, positions, layer_type)


KIND = Kind(
    norms=(
        "input_layernorm",
        "post_attention_layernorm",
        "pre_feedforward_layernorm",
        "post_feedforward_layernorm",
    ),
    head_norms=True,
    norm=norm,
    cos_sin=cos_sin,
    embedding=Gemma3TextScaledWordEmbedding,
    activation="hidden_activation",
    refused=("use_bidirectional_attention",),
)
