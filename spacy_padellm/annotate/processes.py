"""Annotate shards in processes of this machine. One that dies is replaced."""

import os
import signal
import sys
import threading
import traceback
from collections import deque
from collections.abc import Iterator, Sequence
from multiprocessing import (
    forkserver,
    get_context,
    parent_process,
    resource_tracker,
)
from multiprocessing.connection import Connection, wait
from typing import Any

from ..errors import Errors
from .entities import BrokenPipeline
from .worker import Advance, Job, Receipt, ShardWorker

MOST_DEATHS = 3  # of processes in a row that did not come to load the pipeline
# Not forks of this process, which may use threads or CUDA. A fork server imports the
# packages once, torch and transformers too, and a process that dies is replaced in no
# time. On a Mac, importing torch touches the GPU, and a fork cannot use it afterwards.
HAS_FORK_SERVER = sys.platform not in ("win32", "darwin")
CONTEXT = get_context("forkserver" if HAS_FORK_SERVER else "spawn")
PRELOADED = [__name__, "spacy_padellm.engines.packed"]


def run_in_processes(
    job: Job, shards: Sequence[int], processes: int, advance: Advance
) -> Iterator[Receipt]:
    """Yield the receipt of each shard, in the order in which they are done.

    advance: called with the number of documents that were computed; with a negative one
        if a process dies that had computed them.

    Raises what a worker raises; ValueError (E419) if processes die while they load.
    """
    if HAS_FORK_SERVER:
        _start_fork_server()
    todo = deque(shards)
    processes = min(processes, len(todo))
    threads = max(1, cores() // max(1, processes))
    workers = [Process(job, threads) for _ in range(processes)]
    deaths = 0
    try:
        while workers:
            for connection in wait([worker.connection for worker in workers]):
                worker = next(one for one in workers if one.connection is connection)
                try:
                    kind, value = worker.connection.recv()
                except (EOFError, OSError):
                    code = worker.end()
                    deaths = 0 if worker.is_ready else deaths + 1
                    if deaths == MOST_DEATHS:
                        message = Errors.E419.format(times=deaths, code=code)
                        raise ValueError(message) from None
                    advance(-worker.docs)
                    if worker.shard is not None:
                        todo.appendleft(worker.shard)
                    workers.remove(worker)
                    if len(workers) < len(todo):
                        workers.append(Process(job, threads))
                    continue
                if kind == "error":
                    raise value
                if kind == "docs":
                    worker.docs += value
                    advance(value)
                    continue
                if kind == "done":
                    yield value
                if not worker.next(todo):
                    worker.end()
                    workers.remove(worker)
    finally:
        for worker in workers:
            worker.end()


def _start_fork_server() -> None:
    """Start the fork server with SIGINT blocked; its forks inherit that. A terminal
    sends Ctrl-C to all processes, and the command ends its workers."""
    CONTEXT.set_forkserver_preload(PRELOADED)
    resource_tracker.ensure_running()  # else the fork server does so, and unblocks
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        forkserver.ensure_running()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def cores() -> int:
    """The number of cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class Process:
    """A worker process, as this one sees it.

    shard: which it works on. docs: how many of its documents are computed.
    """

    def __init__(self, job: Job, threads: int) -> None:
        self.connection, theirs = CONTEXT.Pipe()
        self.shard: int | None = None
        self.docs = 0
        self.is_ready = False
        self._process = CONTEXT.Process(
            target=_work, args=(theirs, job, threads), daemon=True
        )
        self._process.start()
        theirs.close()  # so that their death ends the pipe

    def next(self, todo: deque[int]) -> bool:
        """Give it the next shard. Returns whether there was one."""
        self.is_ready = True
        self.docs = 0
        self.shard = todo.popleft() if todo else None
        if self.shard is None:
            return False
        try:
            self.connection.send(self.shard)
        except OSError:
            pass  # it died meanwhile, as the end of the pipe will say
        return True

    def end(self) -> int | None:
        """End the process. Returns its exit code."""
        self.connection.close()
        self._process.terminate()
        self._process.join(10)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()
        return self._process.exitcode


def _work(connection: Connection, job: Job, threads: int) -> None:
    """The worker's own side."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # where there is no fork server
    import torch

    threading.Thread(target=_end_with_parent, daemon=True).start()
    if "OMP_NUM_THREADS" not in os.environ:
        torch.set_num_threads(threads)
    try:
        worker = ShardWorker(job)
        connection.send(("ready", None))
        while True:
            shard = connection.recv()
            receipt = worker.run(shard, lambda docs: connection.send(("docs", docs)))
            connection.send(("done", receipt))
    except EOFError:
        pass
    except BrokenPipeline:
        traceback.print_exc()  # the next process may do
        raise SystemExit(1) from None
    except (ValueError, OSError, ImportError) as error:
        connection.send(("error", _portable(error)))
    except Exception as error:
        note = "".join(traceback.format_exception(error))
        connection.send(("error", RuntimeError(note)))


def _end_with_parent() -> None:
    """A worker that outlives the command could write into a later run."""
    parent: Any = parent_process()
    parent.join()
    os._exit(1)


def _portable(error: Exception) -> Exception:
    """The error of a type that surely can be sent to another process."""
    for kind in (ImportError, OSError, ValueError):
        if isinstance(error, kind):
            return kind(str(error))
    return RuntimeError(str(error))
