"""What a fused decoder knows about a kind of base.

Each kind is a file with the name of its `model_type`, and a table `KIND` in it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

import torch
from peft.utils import ModulesToSaveWrapper
from torch import nn
from torch.nn import functional as F

from ...bases.layer_types import FULL, SLIDING, layer_types
from ..norms import LayerNorms, Norm, unchanged

Activation = Callable[[torch.Tensor], torch.Tensor]

ACTIVATIONS: dict[str, Activation] = {
    "silu": F.silu,
    "gelu_pytorch_tanh": partial(F.gelu, approximate="tanh"),
}


def plain_norm(module: nn.Module) -> Norm:
    """Scales by the module's weight."""
    return Norm(module.weight, module.variance_epsilon)


def same_rotary(
    body: nn.Module, x: torch.Tensor, positions: torch.Tensor, layer_type: str
) -> tuple[torch.Tensor, torch.Tensor]:
    """Cosines and sines of rotary embeddings that are the same in all layers."""
    return body.rotary_emb(x, position_ids=positions)


@dataclass(frozen=True, slots=True)
class Kind:
    """How a kind differs from Llama, whose values are the defaults.

    norms: the modules of a layer before and after its attention, and before and after
        its MLP; None where it has none.
    head_norms: whether queries and keys have norms, `q_norm` and `k_norm`.
    norm: reads a norm's module.
    cos_sin: cosines and sines [batch, tokens, head_width] of a type of layers.
    embedding: the class of the embeddings.
    activation: the name of the config's field with the MLP's activation.
    refused: fields of the config that must not be set, because a fused decoder does
        not compute what they stand for.
    """

    norms: tuple[str, str | None, str, str | None] = (
        "input_layernorm",
        None,
        "post_attention_layernorm",
        None,
    )
    head_norms: bool = False
    norm: Callable[[nn.Module], Norm] = plain_norm
    cos_sin: Callable[..., tuple[torch.Tensor, torch.Tensor]] = same_rotary
    embedding: type[nn.Module] = nn.Embedding
    activation: str = "hidden_act"
    refused: tuple[str, ...] = ()

    def computes(self, body: nn.Module) -> bool:
        """Whether everything except linears is as this table says."""
        config = body.config
        norms = [getattr(layer, name) for layer in body.layers for name in self._names]
        return (
            getattr(config, self.activation) in ACTIVATIONS
            and set(layer_types(config)) <= {FULL, SLIDING}
            and not any(getattr(config, field, None) for field in self.refused)
            and type(body.embed_tokens) is self.embedding
            and not any(isinstance(one, ModulesToSaveWrapper) for one in norms)
        )

    def layer_norms(self, layer: nn.Module, group: int) -> LayerNorms:
        """The norms of a layer. group: query heads with the same keys."""
        four = [
            unchanged if name is None else self.norm(getattr(layer, name))
            for name in self.norms
        ]
        return LayerNorms(*four, self._of_heads(layer.self_attn, group))

    def activate(self, config: Any) -> Activation:
        """The activation of the MLP's gate."""
        return ACTIVATIONS[getattr(config, self.activation)]

    @property
    def _names(self) -> list[str]:
        return [name for name in self.norms if name is not None]

    def _of_heads(self, attention: nn.Module, group: int) -> Norm | None:
        if not self.head_norms:
            return None
        q, k = self.norm(attention.q_norm), self.norm(attention.k_norm)
        n_kv_heads = attention.config.num_key_value_heads
        repeated = [q.weight.data] * (n_kv_heads * group) + [k.weight.data] * n_kv_heads
        return Norm(torch.stack(repeated), q.eps)


def kind_of(config: Any) -> Kind | None:
    """The kind of a base. None if there is no file for it."""
    if config.model_type not in known_kinds():
        return None
    return import_module(f".{config.model_type}", __package__).KIND


@cache
def known_kinds() -> tuple[str, ...]:
    """The `model_type` of all kinds."""
    package = import_module(__package__)
    names = [module.name for module in iter_modules(package.__path__)]
    return tuple(name for name in names if name != "kind")
