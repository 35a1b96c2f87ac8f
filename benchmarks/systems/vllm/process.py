"""vLLM as a process in an environment of its own."""

import contextlib
import json
import os
import signal
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

DRIVER = Path(__file__).with_name("driver.py")
PATIENCE = 30  # seconds that vLLM gets to end by itself
# for keys and values: about 23,000 tokens of the 135M base in float32
KV_CACHE_GB = 1


class VLLMProcess:
    """A model loaded in vLLM, which answers one request at a time.

    Between requests the process is stopped. Otherwise its idle workers would take cores
    from the system that is measured.

    log: the file for vLLM's output. name: such as "vLLM 0.32.0".
    peak_mb: the peak memory of vLLM and its workers so far, caches included.
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
                start_new_session=True,  # one group with its workers, to end them all
            )
        self.name: str = self._answer()["ready"]
        self._signal(signal.SIGSTOP)

    @classmethod
    def start(
        cls, environment: Path, checkpoint: Path, log: Path, options: Sequence[str] = ()
    ) -> "VLLMProcess":
        """Load a checkpoint. This takes a minute.

        environment: the folder that scripts/install_vllm.sh has made.
        options: command-line options of the driver.
        """
        python = environment / "bin" / "python"
        command = [str(python), str(DRIVER), str(checkpoint), *options]
        return cls(command, cpu_environment(environment), log)

    def ask(self, request: dict[str, Any]) -> dict[str, Any]:
        """Send a request and return the answer.

        RuntimeError: vLLM has ended; the log says why.
        """
        try:
            self._process.stdin.write(json.dumps(request) + "\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            pass  # `_answer` raises the error
        self._signal(signal.SIGCONT)
        answer = self._answer()
        self._signal(signal.SIGSTOP)
        self.peak_mb = answer.get("peak_mb", self.peak_mb)
        return answer

    def close(self) -> None:
        """End vLLM and its workers."""
        self._process.stdin.close()  # the driver ends when its input ends
        self._signal(signal.SIGCONT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(PATIENCE)
        self._signal(signal.SIGKILL)
        self._process.wait()

    def _signal(self, signal_number: int) -> None:
        """Send a signal to vLLM and its workers."""
        with contextlib.suppress(ProcessLookupError):  # all have ended
            os.killpg(self._process.pid, signal_number)

    def _answer(self) -> dict[str, Any]:
        line = self._process.stdout.readline()
        if not line:
            code = self._process.wait()
            raise RuntimeError(f"vLLM ended with {code}: see {self.log}")
        return json.loads(line)


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
        "HF_HUB_OFFLINE": "1",
    }
