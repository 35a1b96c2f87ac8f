"""vLLM as an engine: a process in an environment of its own."""

import contextlib
import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any

from spacy_padellm.engines.base import Branch, Completion
from spacy_padellm.formats.base import PromptTokenizer

from .usage import Usage

DRIVER = Path(__file__).with_name("vllm_driver.py")
PATIENCE = 30  # seconds for vLLM to end by itself
KEYS_GB = 1  # of keys and values: some 23,000 tokens of the 135M base in float32


class VLLMProcess:
    """A model in vLLM, loaded; answers one request at a time, and is stopped meanwhile:
    its idle workers would take the cores from whatever else is measured.

    log: the file that takes what vLLM prints. name: "vLLM 0.32.0". peak_mb: the most
        memory that it and its workers have held so far, the caches included.
    """

    def __init__(self, command: Sequence[str], env: dict[str, str], log: Path) -> None:
        self.log = log
        self.peak_mb = 0
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("w", encoding="utf8") as errors:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                env=env,
                text=True,
                encoding="utf8",
                start_new_session=True,  # a group with its workers, to end as one
            )
        self.name: str = self._answer()["ready"]
        self._signal(signal.SIGSTOP)

    @classmethod
    def start(
        cls, environment: Path, checkpoint: Path, log: Path, options: Sequence[str] = ()
    ) -> "VLLMProcess":
        """Load a checkpoint; takes a minute.

        environment: what scripts/install_vllm.sh made. options: of the driver.
        """
        python = environment / "bin" / "python"
        command = [str(python), str(DRIVER), str(checkpoint), *options]
        return cls(command, cpu_environment(environment), log)

    def ask(self, request: dict[str, Any]) -> dict[str, Any]:
        """RuntimeError: vLLM has ended; the log says why."""
        try:
            self._process.stdin.write(json.dumps(request) + "\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            pass  # reading the answer finds out
        self._signal(signal.SIGCONT)
        answer = self._answer()
        self._signal(signal.SIGSTOP)
        self.peak_mb = answer.get("peak_mb", self.peak_mb)
        return answer

    def close(self) -> None:
        """End vLLM and its workers."""
        self._process.stdin.close()  # the driver ends with its requests
        self._signal(signal.SIGCONT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(PATIENCE)
        self._signal(signal.SIGKILL)
        self._process.wait()

    def __enter__(self) -> "VLLMProcess":
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def _signal(self, signal_number: int) -> None:
        """To vLLM and its workers."""
        with contextlib.suppress(ProcessLookupError):  # all have ended
            os.killpg(self._process.pid, signal_number)

    def _answer(self) -> dict[str, Any]:
        line = self._process.stdout.readline()
        if not line:
            code = self._process.wait()
            raise RuntimeError(f"vLLM ended with {code}: see {self.log}")
        return json.loads(line)


def cpu_environment(environment: Path) -> dict[str, str]:
    """Variables under which vLLM runs on the cores of this process, without a network.

    As its CPU guide advises, it binds a thread to each core, and Intel's OpenMP, which
    it installs, comes before others.
    """
    env = {key: value for key, value in os.environ.items() if key != "OMP_NUM_THREADS"}
    cores = ",".join(map(str, sorted(os.sched_getaffinity(0))))
    openmp = environment / "lib" / "libiomp5.so"
    if openmp.is_file():
        env["LD_PRELOAD"] = str(openmp.resolve())
    return env | {
        "VLLM_CPU_OMP_THREADS_BIND": cores,
        "VLLM_CPU_KVCACHE_SPACE": str(KEYS_GB),
        "VLLM_NO_USAGE_STATS": "1",
        "HF_HUB_OFFLINE": "1",
    }


@dataclass(slots=True)
class VLLMEngine:
    """Completes branches in vLLM, with its prefix cache and continuous batching.

    A session begins with an empty prefix cache: what an earlier one has read, the same
    document in an earlier round say, helps nothing.

    saved: seconds that the way to the other process has cost; no part of vLLM's time.
    usage: what went through the model, without what the prefix cache had; passes are
        not known.
    """

    process: VLLMProcess
    tokenizer: PromptTokenizer
    usage: Usage = field(default_factory=Usage)
    saved: float = 0.0

    @contextmanager
    def session(self, n_texts: int) -> Iterator["VLLMSession"]:
        start = time.perf_counter()
        self.process.ask({"reset": True})
        self.saved += time.perf_counter() - start
        self.usage.sessions += 1
        yield VLLMSession(self)


@dataclass(slots=True)
class VLLMSession:
    engine: VLLMEngine

    def complete(self, branches: Sequence[Sequence[Branch]]) -> list[list[Completion]]:
        """Greedy completions of all branches at once. vLLM is not asked for any
        log-probabilities, which is to its advantage: all are 0."""
        flat = list(chain.from_iterable(branches))
        if not flat:
            return [[] for _ in branches]
        start = time.perf_counter()
        answer = self.engine.process.ask(
            {
                "prompts": [branch.prompt for branch in flat],
                "max_tokens": [branch.max_new_tokens for branch in flat],
                "stop_ids": [sorted(branch.stop_ids) for branch in flat],
                "stop": [branch.stop_strings for branch in flat],
            }
        )
        self.engine.saved += time.perf_counter() - start - answer["seconds"]
        n_read = answer["prompt_tokens"] - answer["cached_tokens"]
        n_read += sum(map(len, answer["ids"]))
        self.engine.usage.tokens += n_read
        self.engine.usage.padded += n_read  # vLLM pads nothing
        done = map(self._completion, flat, answer["ids"], answer["stopped"])
        return [[next(done) for _ in row] for row in branches]

    def _completion(self, branch: Branch, ids: list[int], stopped: bool) -> Completion:
        text = self.engine.tokenizer.decode(ids)
        cuts = [text.find(string) for string in branch.stop_strings]
        return Completion(
            tuple(ids),
            text[: min((cut for cut in cuts if cut >= 0), default=None)],
            (0.0,) * (len(ids) + stopped),
            stopped,
            (0.0,) * len(branch.candidates),
        )
