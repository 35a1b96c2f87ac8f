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


class PackedLinear:
    """A product with a copy of its weights in the order that oneDNN reads them in.

    BLAS orders them anew in each call, which for a few rows takes longer than the
    product: on two cores, 4 to 24 rows take about half the time, and 700 nine tenths.
    """

    def __init__(self, product: DenseLinear) -> None:
        self.packed = torch.ops.mkldnn._reorder_linear_weight(product.weight, None)
        self.bias = product.bias

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        return torch.ops.mkldnn._linear_pointwise(
            x, self.packed, self.bias, "none", [], ""
        )


def bucket_size(rows: int) -> int:
    """The number of rows that so many are filled up to before oneDNN multiplies them.

    It makes a kernel for each number of rows of each product, in milliseconds, keeps
    1,024 of them, and gives back only half of the 0.6 MB of one that it drops. So
    there are eight numbers from each power of two to the next: an eighth more rows at
    most, and 4 in 100 on average.
    """
    step = max(1, 2 ** ((rows - 1).bit_length() - 1) // 8) if rows > 1 else 1
    return -(-rows // step) * step


class Int8Linear:
    """A product in 8-bit integers, by oneDNN.

    Weights are rounded once, with a scale for each output; inputs anew each time, with
    a scale for each row: no row depends on the others of its batch.
    """

    def __init__(self, product: DenseLinear) -> None:
        weight = product.weight.float()
        self.scales = weight.abs().amax(dim=1).clamp(min=1e-8) / 127
        rounded = (weight / self.scales[:, None]).round_().to(torch.int8)
        self.packed = torch.ops.onednn.qlinear_prepack(rounded, None)
        self.zeros = torch.zeros(len(weight), dtype=torch.int32)
        self.bias = product.bias
        # Inputs are stored as 0 to twice the zero point. Without VNNI the CPU adds two
        # of their products with weights in 16 bits, and 2 x 128 x 127 is what fits.
        has_vnni = torch.cpu._is_vnni_supported()
        self.steps, self.zero_point = (127, 128) if has_vnni else (64, 64)

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        largest = x.abs().amax(dim=-1, keepdim=True).clamp_(min=1e-8) / self.steps
        rounded = (x / largest).round_().add_(self.zero_point).to(torch.uint8)
        out = torch.ops.onednn.qlinear_pointwise(
            rounded,
            1.0,
            self.zero_point,
            self.packed,
            self.scales,
            self.zeros,
            None,
            1.0,
            0,
            torch.float32,
            "none",
            [],
            "",
        )
        out *= largest
        if self.bias is not None:
            out += self.bias
        return out


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


def can_pack(weight: torch.Tensor) -> bool:
    """Whether this torch has packed products for a weight of this kind on this CPU."""
    if (
        weight.device.type != "cpu"
        or not torch.backends.mkldnn.is_available()
        or not hasattr(torch.ops.mkldnn, "_reorder_linear_weight")
    ):
        return False
    if weight.dtype == torch.bfloat16:  # an error on a CPU with AVX2 alone
        return torch.ops.mkldnn._is_mkldnn_bf16_supported()
    return weight.dtype == torch.float32


def has_int8() -> bool:
    """Whether this torch has 8-bit products for this CPU."""
    return hasattr(torch.ops.onednn, "qlinear_prepack") and (
        torch.backends.mkldnn.is_available()
    )


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
