"""Where a model computes, and in what precision."""

import re
from typing import TYPE_CHECKING

from ..errors import Errors

if TYPE_CHECKING:
    import torch

DTYPES = ("auto", "float32", "bfloat16", "float16", "int8")
MERGE = ("auto", "always", "never")


def check_device_name(device: str) -> None:
    """Raise ValueError unless `device` has the form of one; loads nothing."""
    if not re.fullmatch("auto|cpu|mps|cuda(:[0-9]+)?", device):
        raise ValueError(Errors.E702.format(device=device))


def resolve_device(device: str) -> str:
    """The device to compute on: "cpu", "cuda:0", "mps".

    "auto" is the GPU that spaCy was told to use (`spacy.require_gpu`), else any CUDA
    device, else Apple's, else the CPU. Needs no CuPy. Raises ValueError where a device
    was asked for that is not there.
    """
    import torch

    check_device_name(device)
    n_cuda = torch.cuda.device_count() if torch.cuda.is_available() else 0
    mps = torch.backends.mps.is_available()
    if device == "auto":
        if n_cuda:
            return f"cuda:{torch.cuda.current_device()}"
        return "mps" if mps else "cpu"
    if device.startswith("cuda"):
        number = int(device.partition(":")[2] or 0)
        if number >= n_cuda:
            raise ValueError(Errors.E703.format(device=device, found=n_cuda))
        return f"cuda:{number}"
    if device == "mps" and not mps:
        raise ValueError(Errors.E703.format(device=device, found=0))
    return device


def resolve_dtype(dtype: str, device: str) -> "torch.dtype":
    """How the base is held. With "auto", bfloat16 on CUDA and float32 elsewhere: most
    CPUs are slow at bfloat16 products. "int8" is made from float32, where it is used.
    Adapters are float32 in any case.

    ValueError: an unknown dtype, or int8 anywhere but on a CPU.
    """
    import torch

    if dtype not in DTYPES:
        raise ValueError(Errors.E704.format(dtype=dtype, known=", ".join(DTYPES)))
    if dtype == "int8":
        if device != "cpu":
            raise ValueError(Errors.E709.format(device=device))
        dtype = "float32"
    if dtype == "auto":
        dtype = "bfloat16" if device.startswith("cuda") else "float32"
    return getattr(torch, dtype)
