"""What a machine can do at most, measured: products of matrices, and copying."""

import time
from collections.abc import Callable

import torch

SIDES = {"cpu": (512, 1024, 2048), "cuda": (4096, 8192)}
COPIED = {"cpu": 2**28, "cuda": 2**32}  # bytes, far more than any cache holds
SECONDS = 0.3  # that each is repeated


def matrix_rate(
    device: torch.device, dtype: torch.dtype, sides: tuple[int, ...] | None = None
) -> float:
    """Floating point operations a second of the best product of two square matrices.

    sides: lengths to try.
    """
    best = 0.0
    for side in sides or SIDES[device.type]:
        one = torch.randn(side, side, device=device, dtype=dtype)
        other = torch.randn(side, side, device=device, dtype=dtype)
        seconds = fastest(lambda one=one, other=other: one @ other, device)
        best = max(best, 2 * side**3 / seconds)
    return best


def copy_rate(device: torch.device, n_bytes: int | None = None) -> float:
    """Bytes a second that are read or written by the best copy of a large tensor."""
    n_bytes = n_bytes or COPIED[device.type]
    source = torch.ones(n_bytes // 4, device=device, dtype=torch.float32)
    target = torch.empty_like(source)
    return 2 * n_bytes / fastest(lambda: target.copy_(source), device)


@torch.inference_mode()
def fastest(work: Callable[[], object], device: torch.device) -> float:
    """Seconds of the fastest of many runs."""
    work()  # warm up
    times: list[float] = []
    while sum(times) < SECONDS:
        start = seconds_when_done(device)
        work()
        times.append(seconds_when_done(device) - start)
    return min(times)


def seconds_when_done(device: torch.device) -> float:
    """The time in seconds, once a GPU has done all that it was given to do."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return time.perf_counter()
