"""A fixed number of cores, the same for all that is measured in a run."""

import os

import torch


def use_cores(n: int) -> None:
    """Compute on the first `n` cores that this process may use; what it starts, vLLM
    say, stays on them too. 0 leaves all as it is."""
    if not n:
        return
    if hasattr(os, "sched_setaffinity"):  # Linux
        cores = sorted(os.sched_getaffinity(0))[:n]
        os.sched_setaffinity(0, cores)
        n = len(cores)
    torch.set_num_threads(n)
