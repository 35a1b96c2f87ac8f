"""The best that a machine can do: matrix products and copies, measured."""

from collections.abc import Callable

import torch

from .clock import seconds_when_done

SIDES = {"cpu": (512, 1024, 2048), "cuda": (4096, 8192)}
COPIED = {"cpu": 2**28, "cuda": 2**32}  # bytes, far more than any cache holds
SECONDS = 0.3  # for the repetitions of each operation


def matrix_rate(
    device: torch.device, dtype: torch.dtype, sides: tuple[int, ...] | None = None
) -> float:
    """Floating point operations per second in the best product of square matrices.

    sides: the lengths to try.
    """
    best = 0.0
    for side in sides or SIDES[device.type]:
        one = torch.randn(side, side, device=device, dtype=dtype)
        other = torch.randn(side, side, device=device, dtype=dtype)
        seconds = fastest(lambda one=one, other=other: one @ other)
        best = max(best, 2 * side**3 / seconds)
    return best


def copy_rate(device: torch.device, n_bytes: int | None = None) -> float:
    """Bytes read or written per second in the best copy of a large tensor."""
    n_bytes = n_bytes or COPIED[device.type]
    source = torch.ones(n_bytes // 4, device=device, dtype=torch.float32)
    target = torch.empty_like(source)
    return 2 * n_bytes / fastest(lambda: target.copy_(source))


@torch.inference_mode()
def fastest(work: Callable[[], object]) -> float:
    """Seconds of the fastest of many repetitions."""
    work()  # warm up
    times: list[float] = []
    while sum(times) < SECONDS:
        start = seconds_when_done()
        work()
        times.append(seconds_when_done() - start)
    return min(times)
