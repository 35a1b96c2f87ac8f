"""What a measurement was made on."""

import platform

import torch
import transformers

from ..about import __version__


def describe_machine() -> dict[str, str]:
    """Processor or GPU, threads and versions, for the page."""
    gpus = [
        torch.cuda.get_device_name(place) for place in range(torch.cuda.device_count())
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
