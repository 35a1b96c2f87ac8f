"""A training as it stood between two steps, in one file."""

import io
from pathlib import Path
from typing import Any

import torch

from ..errors import Errors
from ..writing import replace_files

FILE = "checkpoint.pt"


def save_checkpoint(folder: Path, state: dict[str, Any]) -> None:
    """Write tensors, numbers and strings.

    The file is replaced as a whole: an interruption leaves the old one or the new one.
    """
    buffer = io.BytesIO()
    torch.save(state, buffer)
    replace_files({folder / FILE: buffer.getbuffer()})


def load_checkpoint(folder: Path) -> dict[str, Any] | None:
    """What was saved; None if nothing was. Runs no code of the file.

    Raises ValueError (E645) if the file is damaged.
    """
    file = folder / FILE
    if not file.is_file():
        return None
    try:
        return torch.load(file, map_location="cpu", weights_only=True)
    except Exception as error:  # of many kinds, for a file that is no checkpoint
        reason = (str(error).strip() or repr(error)).splitlines()[0]
        raise ValueError(Errors.E645.format(path=file, reason=reason)) from error
