"""Linears with the same input, fused into one."""

from collections.abc import Callable, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from peft.tuners.lora import LoraLayer
from peft.utils import ModulesToSaveWrapper
from torch import nn
from torch.nn import functional as F

from ..errors import Errors

LinearFn = Callable[[torch.Tensor], torch.Tensor]


@dataclass(frozen=True, slots=True)
class DenseLinear:
    """x [..., width] → [..., outputs].

    weight: [outputs, width]. bias: [outputs].
    """

    weight: torch.Tensor
    bias: torch.Tensor | None = None

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        return F.linear(x, self.weight, self.bias)


@dataclass(frozen=True, slots=True)
class LoraLinear:
    """A linear with a LoRA adapter. down: [rank, width], up: [outputs, rank]."""

    linear: LinearFn
    down: torch.Tensor
    up: torch.Tensor

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        out = self.linear(x)
        out += F.linear(F.linear(x.to(self.down.dtype), self.down), self.up)
        return out


def is_plain(module: nn.Module) -> bool:
    """Whether a module is a linear layer, or one with adapters on it."""
    return type(_linear(module)) is nn.Linear


def fuse(modules: Sequence[nn.Module]) -> DenseLinear:
    """Fuse linears. The weight of each module becomes a view of the fused weight."""
    layers = [_linear(module) for module in modules]
    if len(layers) == 1:
        return DenseLinear(layers[0].weight.data, _bias(layers[0]))
    weight = torch.cat([layer.weight.data for layer in layers])
    parts = weight.split([layer.out_features for layer in layers])
    for layer, part in zip(layers, parts, strict=True):
        layer.weight.data = part
    return DenseLinear(weight, _fused_bias(layers))


def has_adapter(modules: Sequence[nn.Module], name: str | None) -> bool:
    """Whether one of the modules has the adapter `name`."""
    return any(
        name in module.lora_A
        if isinstance(module, LoraLayer)
        else _copy_of(module, name) is not None
        for module in modules
    )


def is_plain_lora(modules: Sequence[nn.Module], name: str) -> bool:
    """Whether the adapter `name` is plain LoRA, unlike DoRA and copies of modules."""
    return all(
        isinstance(module, LoraLayer)
        and name not in module.lora_variant
        and module.lora_B[name].bias is None
        for module in modules
        if has_adapter([module], name)
    )


@dataclass(frozen=True, slots=True)
class Lora:
    """The adapter of fused modules as one: x → x down^T up^T.

    blocks: for each module, LoRA A [rank, width], B [outputs, rank] and the scaling;
        without an adapter, the number of its outputs.
    """

    blocks: Sequence[tuple[nn.Parameter, nn.Parameter, float] | int]

    @classmethod
    def of(cls, modules: Sequence[nn.Module], name: str) -> "Lora | None":
        """None if no module has the adapter `name`."""
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
        return torch.cat([one[0] for one in self.blocks if not isinstance(one, int)])

    def up(self) -> torch.Tensor:
        """[all outputs, all ranks]"""
        matrices = [
            torch.zeros(one, 0) if isinstance(one, int) else one[1] * one[2]
            for one in self.blocks
        ]
        return torch.block_diag(*(matrix.to(self._device) for matrix in matrices))

    @property
    def _device(self) -> torch.device:
        return next(one[0].device for one in self.blocks if not isinstance(one, int))


def with_adapter(
    linear: LinearFn, modules: Sequence[nn.Module], name: str | None
) -> LinearFn | None:
    """The fused linear with the modules' adapter; None if it is not plain LoRA."""
    if not has_adapter(modules, name):
        return linear
    if not is_plain_lora(modules, name):
        return None
    lora = Lora.of(modules, name)
    return LoraLinear(linear, lora.down(), lora.up())


@torch.no_grad()
def merged(modules: Sequence[nn.Module], name: str) -> DenseLinear:
    """The fused linear with the adapter `name` merged into a copy of the weights.

    Raises ValueError (E820) if the merged weights are not finite.
    """
    layers = [_linear(module) for module in modules]
    if is_plain_lora(modules, name):
        weight = torch.cat([layer.weight.data for layer in layers])
        parts = weight.split([layer.out_features for layer in layers])
        for module, part in zip(modules, parts, strict=True):
            if has_adapter([module], name):
                part += module.get_delta_weight(name).to(part.dtype)
        bias = _fused_bias(layers)
    else:
        with _merged_layers(modules, name):
            weight = torch.cat([layer.weight.data for layer in layers])
            bias = _fused_bias(layers)
    extremes = torch.stack(torch.aminmax(weight))  # NaN, if there is one
    if not torch.isfinite(extremes).all():
        raise ValueError(Errors.E820)
    return DenseLinear(weight, bias)


@contextmanager
def _merged_layers(modules: Sequence[nn.Module], name: str):
    """Merge the adapter into the layers' weights, and restore them afterwards."""
    layers = [_linear(module) for module in modules]
    before = [(layer.weight.data, _bias(layer)) for layer in layers]
    try:
        for module, layer in zip(modules, layers, strict=True):
            if isinstance(module, LoraLayer):  # "safe" is a copy
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
    """The adapter's copy of a module, if it has one."""
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
