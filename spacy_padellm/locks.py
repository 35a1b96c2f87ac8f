"""The two kinds of locks that make a component safe in threads.

`BUILDING`, one for the process, is held while something is built that is kept: a base,
an adapter on it, an engine, a decoder.
`SharedBase.lock`, one for each base, is held while its modules change, and during a
pass through them: they know a single active adapter.

To avoid deadlocks, a thread that needs both takes `BUILDING` first, and a thread that
holds the lock of a base waits for no lock but that of a counter or a small cache. Fused
decoders compute without a lock.
"""

import os
from threading import RLock
from typing import Any
from weakref import WeakSet

# Threads that need what is being built wait here, and find it built. There is one lock
# for all, as `from_pretrained` changes the state of the process while it loads.
BUILDING = RLock()

_OF_BASES: "WeakSet[Any]" = WeakSet()
_held_at_fork: list[Any] = []


def base_lock() -> Any:
    """A new lock for a base. The thread that holds it may take it again."""
    lock = RLock()
    _OF_BASES.add(lock)
    return lock


def _before_fork() -> None:
    """Wait until no other thread has a lock: in the child, nobody would release it, and
    what was being built would stay half-built."""
    BUILDING.acquire()
    for lock in list(_OF_BASES):
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
