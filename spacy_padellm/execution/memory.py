"""Out-of-memory errors as one exception type. Imports torch when needed."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

from ..trees.batching import DoesNotFit

# torch has no exception type for the memory of a CPU, or of Apple's GPU
NO_MEMORY = (
    "can't allocate memory",  # Linux and macOS
    "not enough memory",  # Windows
    "MPS backend out of memory",
    "Invalid buffer size",  # MPS, for a tensor that no buffer holds
)


@contextmanager
def memory_checked() -> Iterator[None]:
    """Raises DoesNotFit if torch or Python runs out of memory."""
    import torch

    try:
        yield
    except (MemoryError, torch.OutOfMemoryError) as error:
        raise DoesNotFit(str(error)) from error
    except RuntimeError as error:
        if not any(words in str(error) for words in NO_MEMORY):
            raise
        raise DoesNotFit(str(error)) from error


def free_memory() -> None:
    """Free unused memory, so that a smaller batch may fit."""
    import torch

    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
    elif torch.backends.mps.is_available() and not torch.mps._is_in_bad_fork():
        torch.mps.empty_cache()
