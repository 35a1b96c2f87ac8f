"""The locks that make a component safe in threads.

`BUILDING`, one for the process, is held while something is built that is kept: a base,
an adapter on it, an engine, a decoder.
`SharedBase.lock`, one for each base, is held while its modules change, and during a
pass through them: they know a single active adapter.

To avoid deadlocks, a thread that needs both takes `BUILDING` first, and a thread that
holds the lock of a base waits for no lock but a small one, that of a counter or a small
cache. A thread that holds a small lock waits for nothing. Fused decoders compute
without a lock, but for a small one where rotary embeddings depend on the longest text
of a pass (`ropes_change`).

A fork takes all of them first, so locks are made here and nowhere else.
"""

import functools
import os
from collections.abc import Callable
from threading import Lock, RLock
from typing import Any, Generic, TypeVar
from weakref import WeakSet

T = TypeVar("T")

# Threads that need what is being built wait here, and find it built. There is one lock
# for all, as `from_pretrained` changes the state of the process while it loads.
BUILDING = RLock()

_OF_BASES: "WeakSet[Any]" = WeakSet()
_SMALL: "WeakSet[Any]" = WeakSet()
_held_at_fork: list[Any] = []


def base_lock() -> Any:
    """A new lock for a base. The thread that holds it may take it again."""
    lock = RLock()
    with BUILDING:  # no fork looks through the set meanwhile
        _OF_BASES.add(lock)
    return lock


def small_lock() -> Any:
    """A new lock for a counter or a small cache. Compute nothing while you hold it."""
    lock = Lock()
    with BUILDING:
        _SMALL.add(lock)
    return lock


class Lazy(Generic[T]):
    """What the first thread builds that needs it, while the others wait. After a
    failure, the next one tries again.

    value: None until it is built. You can set it.
    """

    def __init__(self) -> None:
        self.value: T | None = None

    def get(self, build: Callable[[], T]) -> T:
        """The value, which `build` makes if there is none yet."""
        value = self.value
        if value is not None:
            return value
        with BUILDING:
            if self.value is None:
                self.value = build()
            return self.value


class Once:
    """Says of each kind of thing whether it is the first: in one thread alone, without
    a lock."""

    def __init__(self) -> None:
        self._by_kind: dict[str, object] = {}

    def is_first(self, kind: str) -> bool:
        mine = object()
        return self._by_kind.setdefault(kind, mine) is mine  # atomic


class cached_property(functools.cached_property):  # noqa: N801
    """functools' of Python 3.12 and later: threads may compute a value twice.

    Before, one lock for all objects of a class is held while a value is computed. In a
    child that is forked meanwhile, nobody releases it.
    """

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        if instance is None:
            return self
        value = instance.__dict__[self.attrname] = self.func(instance)
        return value


def _before_fork() -> None:
    """Wait until no other thread has a lock: in the child, nobody would release it, and
    what was being built would stay half-built."""
    BUILDING.acquire()
    for lock in (*_OF_BASES, *_SMALL):  # in the order in which threads take them
        lock.acquire()
        _held_at_fork.append(lock)


def _after_fork() -> None:
    while _held_at_fork:
        _held_at_fork.pop().release()
    BUILDING.release()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=_before_fork, after_in_parent=_after_fork, after_in_child=_after_fork
    )
