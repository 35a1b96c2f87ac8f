"""The environment of a measurement: the cores that it uses, and all versions."""

import os
import platform

import torch
import transformers

from spacy_padellm.about import __version__


def use_cores(n: int) -> None:
    """Compute on the first `n` cores that this process may use; 0 changes nothing.

    Processes that this one starts, such as vLLM, stay on the same cores.
    """
    if not n:
        return
    if hasattr(os, "sched_setaffinity"):  # Linux
        cores = sorted(os.sched_getaffinity(0))[:n]
        os.sched_setaffinity(0, cores)
        n = len(cores)
    torch.set_num_threads(n)


def describe_machine() -> dict[str, str]:
    """Processor, GPU, threads and versions, for a page of results."""
    gpus = [
        torch.cuda.get_device_name(number)
        for number in range(torch.cuda.device_count())
    ]
    return {
        "processor": _processor(),
        "threads": str(torch.get_num_threads()),
        "gpu": ", ".join(gpus) or "none",
        "python": platform.python_version(),
        "torch": torch.__version__,
        "transformers": transformers.__version__,
        "spacy_padellm": __version__,
    }


def _processor() -> str:
    try:
        with open("/proc/cpuinfo", encoding="utf8") as file:
            names = [line.partition(":")[2] for line in file if "model name" in line]
    except OSError:  # not Linux
        names = []
    return names[0].strip() if names else platform.processor() or platform.machine()
