"""What was computed once and may be needed again."""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

from ..locks import small_lock

# The most that is kept of one kind.
KEPT_BYTES = 2**28

Computed = TypeVar("Computed")


class Kept(Generic[Computed]):
    """Results by key, in several threads. The least recently used are dropped where all
    have more than KEPT_BYTES; the last one is always kept."""

    def __init__(self) -> None:
        self._results: OrderedDict[Hashable, tuple[Computed, int]] = OrderedDict()
        self._bytes = 0
        self._lock = small_lock()

    def __len__(self) -> int:
        return len(self._results)

    def get(
        self, key: Hashable, compute: Callable[[], tuple[Computed, int]]
    ) -> Computed:
        """The result for a key. compute: gives it, and its size in bytes."""
        with self._lock:
            if key in self._results:
                self._results.move_to_end(key)
                return self._results[key][0]
        result, n_bytes = compute()
        with self._lock:
            if key not in self._results:  # another thread may have been faster
                self._results[key] = result, n_bytes
                self._bytes += n_bytes
            while self._bytes > KEPT_BYTES and len(self._results) > 1:
                _, (_, dropped) = self._results.popitem(last=False)
                self._bytes -= dropped
        return result
