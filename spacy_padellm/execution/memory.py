"""Memory that does not suffice, as one type of exception. Imports torch when needed."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

from ..trees.batching import DoesNotFit


@contextmanager
def memory_checked() -> Iterator[None]:
    """Raises DoesNotFit where torch or Python runs out of memory."""
    import torch

    try:
        yield
    except (MemoryError, torch.OutOfMemoryError) as error:
        raise DoesNotFit(str(error)) from error
    except RuntimeError as error:
        # torch has no type of its own for the CPU's memory
        if "can't allocate memory" not in str(error):
            raise
        raise DoesNotFit(str(error)) from error


def free_memory() -> None:
    """Give back what is no longer used, so that a smaller batch finds room."""
    import torch

    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
