"""A training as it stood after a step, in one file that is replaced as a whole."""

import io
import os
from pathlib import Path
from typing import Any

import torch

from ..errors import Errors
from ..models.adapters import Adapter, write_adapter

FILE = "checkpoint.pt"


def save_checkpoint(folder: Path, state: dict[str, Any]) -> None:
    """An interruption leaves the old file or the new one, never half of one."""
    buffer = io.BytesIO()
    torch.save(state, buffer)
    folder.mkdir(parents=True, exist_ok=True)
    part = folder / f"{FILE}.part"
    with part.open("wb") as stream:
        stream.write(buffer.getbuffer())
        stream.flush()
        os.fsync(stream.fileno())
    part.replace(folder / FILE)


def load_checkpoint(folder: Path) -> dict[str, Any] | None:
    """The state that was saved; None where none was. Reads tensors and numbers alone,
    and runs no code.

    ValueError (E883): the file is damaged.
    """
    file = folder / FILE
    if not file.is_file():
        return None
    try:
        return torch.load(file, map_location="cpu", weights_only=True)
    except Exception as error:  # of many kinds, for a file that is none
        reason = (str(error).strip() or repr(error)).splitlines()[0]
        raise ValueError(Errors.E883.format(path=file, reason=reason)) from error


def replace_adapter(folder: Path, adapter: Adapter) -> None:
    """Write an adapter's files in the place of others of the same training. Only the
    weights differ, so an interruption leaves an adapter that is whole."""
    part = folder.with_name(f"{folder.name}.part")
    write_adapter(part, adapter)
    folder.mkdir(parents=True, exist_ok=True)
    for file in part.iterdir():
        file.replace(folder / file.name)
    part.rmdir()
