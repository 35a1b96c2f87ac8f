"""Documents a second of `python -m spacy_padellm annotate`, by processes and on Ray."""

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from statistics import median

import torch

from spacy_padellm.annotate.record import DONE, Receipt

from ..errors import Errors
from ..machine.peak import matrix_rate


@dataclass(frozen=True, slots=True)
class Way:
    """A way to run the command. Each process computes with one thread."""

    processes: int
    ray: bool = False

    @property
    def name(self) -> str:
        return f"{self.processes} {'on Ray' if self.ray else 'processes'}"

    def options(self) -> list[str]:
        ray = ["--ray", "local"] if self.ray else []
        return ["--processes", str(self.processes), *ray]


@dataclass(frozen=True, slots=True)
class Run:
    """docs_a_second: once all processes are at work. start: seconds until they are,
    with the first shard of each. seconds: of the whole command."""

    docs_a_second: float
    start: float
    seconds: float


def compare(
    ways: Sequence[Way],
    rounds: int,
    pipeline: str,
    texts: Path,
    work: Path,
    shard_size: int,
) -> dict[str, list[Run]]:
    """Run each way in turn, so that noise on the machine affects all."""
    runs: dict[str, list[Run]] = {way.name: [] for way in ways}
    for number in range(rounds):
        for way in ways:
            out = work / f"{number} {way.name}"
            runs[way.name].append(run(way, pipeline, texts, out, shard_size))
    return runs


def run(way: Way, pipeline: str, texts: Path, out: Path, shard_size: int) -> Run:
    """Run the command once. CalledProcessError: it failed."""
    command = [sys.executable, "-m", "spacy_padellm", "annotate", pipeline]
    command += [str(texts), str(out), "--shard-size", str(shard_size)]
    begin = time.time()
    subprocess.run(
        [*command, *way.options()],
        check=True,
        stdout=subprocess.DEVNULL,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    seconds = time.time() - begin
    return Run(*rate(out, way.processes, begin), seconds)


def rate(out: Path, processes: int, begin: float) -> tuple[float, float]:
    """Documents a second after the first shards, and when these were done, in seconds
    from `begin`. ValueError (E619): there are no further shards."""
    files = sorted((out / DONE).glob("*.json"), key=lambda file: file.stat().st_mtime)
    first, rest = files[:processes], files[processes:]
    if not rest:
        docs = sum(map(n_docs, first))
        raise ValueError(Errors.E619.format(docs=docs, processes=processes))
    started = first[-1].stat().st_mtime
    seconds = rest[-1].stat().st_mtime - started
    return sum(map(n_docs, rest)) / seconds, started - begin


def n_docs(receipt: Path) -> int:
    return Receipt.from_bytes(receipt.read_bytes()).docs


def best_product(processes: int) -> float:
    """Floating point operations a second of this many processes that multiply float32
    matrices at the same time, with one thread each: what they can gain at best."""
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        return sum(pool.map(_product, range(processes)))


def _product(number: int) -> float:
    torch.set_num_threads(1)
    device = torch.device("cpu")
    return median(matrix_rate(device, torch.float32, (512, 1024)) for _ in range(9))
