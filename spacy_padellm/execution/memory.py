"""Out-of-memory errors as one exception type. Imports torch when needed."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

from ..trees.batching import DoesNotFit


@contextmanager
def memory_checked() -> Iterator[None]:
    """Raises DoesNotFit if torch or Python runs out of memory."""
    import torch

    try:
        yield
    except (MemoryError, torch.OutOfMemoryError) as error:
        raise DoesNotFit(str(error)) from error
    except RuntimeError as error:
        # torch has no exception type for CPU memory
        if "can't allocate memory" not in str(error):
            raise
        raise DoesNotFit(str(error)) from error


def free_memory() -> None:
    """Free unused memory, so that a smaller batch may fit."""
    import torch

    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
