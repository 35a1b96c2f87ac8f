"""A clock that waits for the GPU."""

import time

import torch


def seconds_when_done() -> float:
    """The time in seconds, after CUDA has finished all work that it was given."""
    if torch.cuda.is_initialized():
        for device in range(torch.cuda.device_count()):
            torch.cuda.synchronize(device)
    return time.perf_counter()
