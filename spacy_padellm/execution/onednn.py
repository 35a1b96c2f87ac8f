"""Linears by oneDNN, through operators that torch keeps for its own compiler.

They may change or vanish with a version of torch. Then plain linears are used, and a
warning says so: `benchmarks linears` compares them with what torch offers in public.
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


def can_pack(weight: torch.Tensor) -> bool:
    """Whether a weight of this kind can be packed on this CPU. Warns (W702) if torch has
    oneDNN without the operators for it."""
    if weight.device.type != "cpu" or not torch.backends.mkldnn.is_available():
        return False
    if not _has(PACKED_OPERATORS):
        _warn_once("packed")
        return False
    if weight.dtype == torch.bfloat16:  # an error on a CPU that has AVX2 at most
        return torch.ops.mkldnn._is_mkldnn_bf16_supported()
    return weight.dtype == torch.float32


def has_int8() -> bool:
    """Whether there are 8-bit products for this CPU. Warns (W702) if torch has oneDNN
    without the operators for them."""
    if not torch.backends.mkldnn.is_available():
        return False
    if not _has(INT8_OPERATORS):
        _warn_once("8-bit")
        return False
    return True


def _has(operators: tuple[tuple[str, str], ...]) -> bool:
    return all(hasattr(getattr(torch.ops, room), name) for room, name in operators)


@cache
def _warn_once(kind: str) -> None:
    message = Warnings.W702.format(kind=kind, version=torch.__version__)
    warnings.warn(message, stacklevel=3)
