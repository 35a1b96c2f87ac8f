"""Devices and dtypes."""

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
    """Raise ValueError if `device` is not a device name. Does not import torch."""
    if not re.fullmatch("auto|cpu|mps|cuda(:[0-9]+)?", device):
        raise ValueError(Errors.E702.format(device=device))


def resolve_device(device: str) -> str:
    """Return the device to compute on, such as "cpu", "cuda:0" or "mps".

    "auto" is the current CUDA device (see `spacy.require_gpu`), or "mps" if there is no
    CUDA, or else "cpu". CuPy is not needed. With several CUDA devices, each worker of
    `nlp.pipe(n_process=...)` uses a different one, unless `device` has a number.

    Raises ValueError if the device does not exist (E703), or if it is a GPU and this
    process was forked from one that uses it (E711).
    """
    import torch

    check_device_name(device)
    n_cuda = torch.cuda.device_count() if torch.cuda.is_available() else 0
    mps = torch.backends.mps.is_available()
    if device == "auto" and not n_cuda:
        device = "mps" if mps else "cpu"
    if n_cuda and device in ("auto", "cuda"):
        check_fork("cuda")
        worker = _worker_number()
        if worker is not None:
            return f"cuda:{worker % n_cuda}"
        current = torch.cuda.current_device() if device == "auto" else 0
        return f"cuda:{current}"
    if device != "cpu":
        check_fork(device)
    if device.startswith("cuda"):
        number = int(device.partition(":")[2] or 0)
        if number >= n_cuda:
            raise ValueError(Errors.E703.format(device=device, found=n_cuda))
        return f"cuda:{number}"
    if device == "mps" and not mps:
        raise ValueError(Errors.E703.format(device=device, found=0))
    return device


def check_fork(device: str) -> None:
    """Raise ValueError (E711) if `device` is a GPU and this process was forked from one
    that uses it. CUDA and MPS do not work in a forked process."""
    import torch

    module = {"cuda": torch.cuda, "mps": torch.mps}.get(device.partition(":")[0])
    if module is not None and module._is_in_bad_fork():
        raise ValueError(Errors.E711.format(device=device))


def _worker_number() -> int | None:
    """Return the number of this worker process, from 0. None in the main process."""
    if multiprocessing.parent_process() is None:
        return None
    identity = multiprocessing.current_process()._identity
    return identity[-1] - 1 if identity else None


def resolve_dtype(dtype: str, device: str) -> "torch.dtype":
    """Return the dtype of the base model's weights. Adapters are always float32.

    "auto" is bfloat16 on CUDA and float32 elsewhere, because most CPUs multiply
    bfloat16 matrices slowly. "int8" loads float32, which is quantized later. Warns
    (W701) if the CPU has to emulate the dtype.

    Raises ValueError if the dtype is unknown, or if it is int8 and the device is not
    the CPU.
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
    """Return whether this CPU has instructions for the dtype, according to oneDNN."""
    import torch

    if dtype == "float32" or not torch.backends.mkldnn.is_available():
        return True
    check = {"bfloat16": "bf16", "float16": "fp16"}[dtype]
    return getattr(torch.ops.mkldnn, f"_is_mkldnn_{check}_supported")()
