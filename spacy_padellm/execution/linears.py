"""Linear modules that read the same input, as one matrix product."""

from collections.abc import Callable, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from peft.tuners.lora import LoraLayer
from peft.utils import ModulesToSaveWrapper
from torch import nn
from torch.nn.functional import linear

LinearFn = Callable[[torch.Tensor], torch.Tensor]


@dataclass(frozen=True, slots=True)
class DenseLinear:
    """x [..., width] → [..., outputs].

    weight: [outputs, width]. bias: [outputs].
    """

    weight: torch.Tensor
    bias: torch.Tensor | None = None

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        return linear(x, self.weight, self.bias)


@dataclass(frozen=True, slots=True)
class LoraLinear:
    """A product with an adapter beside it.

    down: [rank, width], up: [outputs, rank].
    """

    product: LinearFn
    down: torch.Tensor
    up: torch.Tensor

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        out = self.product(x)
        out += linear(linear(x.to(self.down.dtype), self.down), self.up)
        return out


def is_plain(module: nn.Module) -> bool:
    """Whether a module is a linear layer, or one with adapters on it."""
    return type(_linear(module)) is nn.Linear


def fuse(modules: Sequence[nn.Module]) -> DenseLinear:
    """One product for all; from now on each module's weight is a part of its weight."""
    layers = [_linear(module) for module in modules]
    if len(layers) == 1:
        return DenseLinear(layers[0].weight.data, _bias(layers[0]))
    weight = torch.cat([layer.weight.data for layer in layers])
    parts = weight.split([layer.out_features for layer in layers])
    for layer, part in zip(layers, parts, strict=True):
        layer.weight.data = part
    return DenseLinear(weight, _fused_bias(layers))


def has_adapter(modules: Sequence[nn.Module], name: str | None) -> bool:
    """Whether an adapter of that name is on one of the modules."""
    return any(
        name in module.lora_A
        if isinstance(module, LoraLayer)
        else _copy_of(module, name) is not None
        for module in modules
    )


def is_plain_lora(modules: Sequence[nn.Module], name: str) -> bool:
    """Whether what is on the modules under that name is a plain sum, unlike DoRA and
    copies of the modules."""
    return all(
        isinstance(module, LoraLayer)
        and name not in module.lora_variant
        and module.lora_B[name].bias is None
        for module in modules
        if has_adapter([module], name)
    )


@dataclass(frozen=True, slots=True)
class Lora:
    """The adapter of a product's modules as one: x → x down^T up^T.

    parts: for each module, its parameters [rank, width] and [outputs, rank] and what
        the second is scaled by; without an adapter, the number of its outputs.
    """

    parts: Sequence[tuple[nn.Parameter, nn.Parameter, float] | int]

    @classmethod
    def of(cls, modules: Sequence[nn.Module], name: str) -> "Lora | None":
        """None where no adapter of that name is on any module."""
        if not has_adapter(modules, name):
            return None
        return cls(
            [
                (
                    module.lora_A[name].weight,
                    module.lora_B[name].weight,
                    module.scaling[name],
                )
                if has_adapter([module], name)
                else _linear(module).out_features
                for module in modules
            ]
        )

    def down(self) -> torch.Tensor:
        """[all ranks, width]"""
        return torch.cat([part[0] for part in self.parts if not isinstance(part, int)])

    def up(self) -> torch.Tensor:
        """[all outputs, all ranks]"""
        blocks = [
            torch.zeros(part, 0) if isinstance(part, int) else part[1] * part[2]
            for part in self.parts
        ]
        return torch.block_diag(*(block.to(self._device) for block in blocks))

    @property
    def _device(self) -> torch.device:
        return next(part[0].device for part in self.parts if not isinstance(part, int))


def with_adapter(
    product: LinearFn, modules: Sequence[nn.Module], name: str | None
) -> LinearFn | None:
    """The modules' adapter `name` beside their product; None for a kind of adapter that
    is no plain sum."""
    if not has_adapter(modules, name):
        return product
    if not is_plain_lora(modules, name):
        return None
    lora = Lora.of(modules, name)
    return LoraLinear(product, lora.down(), lora.up())


def merged(modules: Sequence[nn.Module], name: str) -> DenseLinear:
    """The modules' product with their adapter `name` merged into a copy."""
    with _merged_layers(modules, name):
        layers = [_linear(module) for module in modules]
        weight = torch.cat([layer.weight.data for layer in layers])
        return DenseLinear(weight, _fused_bias(layers))


@contextmanager
def _merged_layers(modules: Sequence[nn.Module], name: str):
    """PEFT merges into the layers' own weights; afterwards they are what they were."""
    layers = [_linear(module) for module in modules]
    before = [(layer.weight.data, _bias(layer)) for layer in layers]
    try:
        for module, layer in zip(modules, layers, strict=True):
            if isinstance(module, LoraLayer):
                module.merge(safe_merge=True, adapter_names=[name])
            elif (copy := _copy_of(module, name)) is not None:
                layer.weight.data = copy.weight.data
                if copy.bias is not None:
                    layer.bias.data = copy.bias.data
        yield
    finally:
        for module, layer, (weight, bias) in zip(modules, layers, before, strict=True):
            layer.weight.data = weight
            if bias is not None:
                layer.bias.data = bias
            if isinstance(module, LoraLayer):
                module.merged_adapters.clear()


def _linear(module: nn.Module) -> nn.Module:
    if isinstance(module, LoraLayer):
        return module.get_base_layer()
    if isinstance(module, ModulesToSaveWrapper):
        return module.original_module
    return module


def _copy_of(module: nn.Module, name: str | None) -> nn.Module | None:
    """What an adapter has in a module's place; None where it has nothing there."""
    if isinstance(module, ModulesToSaveWrapper) and name in module.modules_to_save:
        return module.modules_to_save[name]
    return None


def _bias(layer: nn.Linear) -> torch.Tensor | None:
    return None if layer.bias is None else layer.bias.data


def _fused_bias(layers: Sequence[nn.Linear]) -> torch.Tensor | None:
    if all(layer.bias is None for layer in layers):
        return None
    return torch.cat(
        [
            layer.weight.new_zeros(layer.out_features)
            if layer.bias is None
            else layer.bias.data
            for layer in layers
        ]
    )
