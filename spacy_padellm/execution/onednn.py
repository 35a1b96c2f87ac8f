"""Linears by oneDNN, with operators that are internal to torch's compiler.

A version of torch may change or remove them. Plain linears then replace them, with a
warning. `benchmarks linears` compares them with torch's public operators.
"""

import warnings
from functools import cache

import torch

from ..errors import Warnings
from .linears import DenseLinear

PACKED_OPERATORS = (
    ("mkldnn", "_reorder_linear_weight"),
    ("mkldnn", "_linear_pointwise"),
)
INT8_OPERATORS = (("onednn", "qlinear_prepack"), ("onednn", "qlinear_pointwise"))


class PackedLinear:
    """A linear with a copy of its weights in oneDNN's memory layout.

    BLAS reorders the weights in each call, which for a few rows takes longer than the
    product. On two cores, 4 to 24 rows take about half the time, and 700 rows 90%.
    """

    def __init__(self, linear: DenseLinear) -> None:
        self.packed = torch.ops.mkldnn._reorder_linear_weight(linear.weight, None)
        self.bias = linear.bias

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        return torch.ops.mkldnn._linear_pointwise(
            x, self.packed, self.bias, "none", [], ""
        )


class Int8Linear:
    """A linear in 8-bit integers, by oneDNN.

    Weights are quantized once, with a scale for each output. Inputs are quantized in
    each call, with a scale for each row, so rows do not depend on their batch.
    """

    def __init__(self, linear: DenseLinear) -> None:
        weight = linear.weight.float()
        self.scales = weight.abs().amax(dim=1).clamp(min=1e-8) / 127
        rounded = (weight / self.scales[:, None]).round_().to(torch.int8)
        self.packed = torch.ops.onednn.qlinear_prepack(rounded, None)
        self.zeros = torch.zeros(len(weight), dtype=torch.int32)
        self.bias = linear.bias
        # Inputs are stored as 0 to twice the zero point. Without VNNI, the CPU adds two
        # products of inputs and weights in 16 bits, which hold at most 2 x 128 x 127.
        has_vnni = torch.cpu._is_vnni_supported()
        self.steps, self.zero_point = (127, 128) if has_vnni else (64, 64)

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        scales = x.abs().amax(dim=-1, keepdim=True).clamp_(min=1e-8) / self.steps
        rounded = (x / scales).round_().add_(self.zero_point).to(torch.uint8)
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
        out *= scales
        if self.bias is not None:
            out += self.bias
        return out


def can_pack(weight: torch.Tensor) -> bool:
    """Whether this CPU has packed linears for a weight. Warns (W702) if torch has
    oneDNN without their operators."""
    if weight.device.type != "cpu" or not torch.backends.mkldnn.is_available():
        return False
    if not _has(PACKED_OPERATORS):
        _warn_once("packed")
        return False
    if weight.dtype == torch.bfloat16:  # fails on CPUs that have no more than AVX2
        return torch.ops.mkldnn._is_mkldnn_bf16_supported()
    return weight.dtype == torch.float32


def has_int8() -> bool:
    """Whether this CPU has 8-bit linears. Warns (W702) if not."""
    if not torch.backends.mkldnn.is_available() or not _has(INT8_OPERATORS):
        _warn_once("8-bit")
        return False
    return True


def _has(operators: tuple[tuple[str, str], ...]) -> bool:
    return all(hasattr(getattr(torch.ops, module), name) for module, name in operators)


@cache
def _warn_once(kind: str) -> None:
    message = Warnings.W702.format(kind=kind, version=torch.__version__)
    warnings.warn(message, stacklevel=3)
