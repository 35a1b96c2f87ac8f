"""Where a model computes, and in what precision."""

import multiprocessing
import re
import warnings
from typing import TYPE_CHECKING

from ..errors import Errors, Warnings

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
    device, else Apple's, else the CPU. Needs no CuPy. Of several CUDA devices, each
    worker of `nlp.pipe(n_process=...)` takes another, unless one is named.

    ValueError: a device was asked for that is not there, or a CUDA device in a process
    that was forked from one that uses it.
    """
    import torch

    check_device_name(device)
    n_cuda = torch.cuda.device_count() if torch.cuda.is_available() else 0
    mps = torch.backends.mps.is_available()
    if device == "auto" and not n_cuda:
        return "mps" if mps else "cpu"
    if n_cuda and device in ("auto", "cuda"):
        check_fork("cuda")
        worker = _worker_number()
        if worker is not None:
            return f"cuda:{worker % n_cuda}"
        current = torch.cuda.current_device() if device == "auto" else 0
        return f"cuda:{current}"
    if device.startswith("cuda"):
        check_fork(device)
        number = int(device.partition(":")[2] or 0)
        if number >= n_cuda:
            raise ValueError(Errors.E703.format(device=device, found=n_cuda))
        return f"cuda:{number}"
    if device == "mps" and not mps:
        raise ValueError(Errors.E703.format(device=device, found=0))
    return device


def check_fork(device: str) -> None:
    """Raise ValueError in a process that was forked from one that uses CUDA, if that is
    to be used here too: CUDA does not survive a fork."""
    import torch

    if device.startswith("cuda") and torch.cuda._is_in_bad_fork():
        raise ValueError(Errors.E711.format(device=device))


def _worker_number() -> int | None:
    """Which child of its parent this process is, from 0; None for no child at all."""
    if multiprocessing.parent_process() is None:
        return None
    identity = multiprocessing.current_process()._identity
    return identity[-1] - 1 if identity else None


def resolve_dtype(dtype: str, device: str) -> "torch.dtype":
    """How the base is held. With "auto", bfloat16 on CUDA and float32 elsewhere: most
    CPUs are slow at bfloat16 products. "int8" is made from float32, where it is used.
    Adapters are float32 in any case. Warns (W701) of a CPU that has to emulate it.

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
    if device == "cpu" and not _computes_in(dtype):
        warnings.warn(Warnings.W701.format(dtype=dtype), stacklevel=2)
    return getattr(torch, dtype)


def _computes_in(dtype: str) -> bool:
    """Whether this CPU has instructions for products of such numbers, if they are
    known to oneDNN at all."""
    import torch

    if dtype == "float32" or not torch.backends.mkldnn.is_available():
        return True
    check = {"bfloat16": "bf16", "float16": "fp16"}[dtype]
    return getattr(torch.ops.mkldnn, f"_is_mkldnn_{check}_supported")()
