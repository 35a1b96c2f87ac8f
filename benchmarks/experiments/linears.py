"""Our linears against those of torch and torchao, on a CPU.

A layer of SmolLM2-135M has four linears. Each way computes them for several numbers of
rows, in alternating rounds.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median
from time import perf_counter

import torch
from torch import nn

from spacy_padellm.execution.linears import DenseLinear
from spacy_padellm.execution.onednn import Int8Linear, PackedLinear

# width and outputs: queries, keys and values; output; gate and up; down.
SHAPES = ((576, 960), (576, 576), (576, 3072), (1536, 576))
ROWS = (4, 24, 128, 704)
ROUNDS = 40

Layer = Callable[[Sequence[torch.Tensor]], object]


@dataclass(frozen=True, slots=True)
class Result:
    """ms: median time of a layer. ratio: median of the rounds' ratios to ours."""

    way: str
    rows: int
    ms: float
    ratio: float


def measure(rounds: int = ROUNDS, rows: Sequence[int] = ROWS) -> list[Result]:
    """The float32 ways are compared with `PackedLinear`, the 8-bit ones with
    `Int8Linear`."""
    torch.manual_seed(0)
    weights = [torch.randn(outputs, width) / 24 for width, outputs in SHAPES]
    results = []
    for ours, others in (
        ("packed", ("plain", "compile, frozen")),
        ("int8", ("torchao int8", "torchao int8, compiled")),
    ):
        layers = {way: new_layer(way, weights) for way in (ours, *others)}
        for n_rows in rows:
            results += _compare(layers, ours, n_rows, rounds)
    return results


@torch.inference_mode()
def _compare(
    layers: dict[str, Layer], ours: str, n_rows: int, rounds: int
) -> list[Result]:
    inputs = [torch.randn(n_rows, width) for width, _ in SHAPES]
    times: dict[str, list[float]] = {way: [] for way in layers}
    for layer in layers.values():
        for _ in range(3):  # compiles
            layer(inputs)
    for _ in range(rounds):
        for way, layer in layers.items():
            start = perf_counter()
            layer(inputs)
            times[way].append(1000 * (perf_counter() - start))
    return [
        Result(
            way,
            n_rows,
            median(times[way]),
            median(a / b for a, b in zip(times[way], times[ours], strict=True)),
        )
        for way in layers
    ]


def new_layer(way: str, weights: Sequence[torch.Tensor]) -> Layer:
    """The four linears, computed in a way."""
    if way in ("plain", "packed", "int8"):
        kinds = {"plain": lambda one: one, "packed": PackedLinear, "int8": Int8Linear}
        with torch.no_grad():
            linears = [kinds[way](DenseLinear(weight)) for weight in weights]
        return lambda inputs: [f(x) for f, x in zip(linears, inputs, strict=True)]
    module = _Layer(weights).eval()
    if way.startswith("torchao"):
        from torchao.quantization import (
            Int8DynamicActivationInt8WeightConfig,
            quantize_,
        )

        quantize_(module, Int8DynamicActivationInt8WeightConfig())
    if "compile" not in way:
        return module
    from torch._inductor import config

    config.freezing = True
    return torch.compile(module, dynamic=False)


class _Layer(nn.Module):
    def __init__(self, weights: Sequence[torch.Tensor]) -> None:
        super().__init__()
        self.linears = nn.ModuleList()
        for weight in weights:
            linear = nn.Linear(weight.shape[1], weight.shape[0], bias=False)
            linear.weight = nn.Parameter(weight.clone(), requires_grad=False)
            self.linears.append(linear)

    def forward(self, inputs: Sequence[torch.Tensor]) -> list[torch.Tensor]:
        return [f(x) for f, x in zip(self.linears, inputs, strict=True)]


def table(results: Sequence[Result]) -> str:
    lines = ["| way | rows | ms | times ours |", "|---|---:|---:|---:|"]
    for one in results:
        lines.append(f"| {one.way} | {one.rows} | {one.ms:.3f} | {one.ratio:.2f} |")
    return "\n".join(lines) + "\n"
