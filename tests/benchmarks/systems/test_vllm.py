"""vLLM's server in the benchmarks: how it is started, stopped, and counted."""

import sys
import time
from pathlib import Path

import pytest

from benchmarks.systems.vllm import server as server_module
from benchmarks.systems.vllm.engine import MeasuredVLLM
from benchmarks.systems.vllm.server import MODEL, VLLMServer
from spacy_padellm.engines.vllm.source import build_vllm_v1
from spacy_padellm.trees.branch import Branch

from ...conftest import REPOSITORY
from ...engines.plain import assert_same
from ...engines.vllm.conftest import TokenizerAlone

FAKE = Path(__file__).parent / "fake_vllm"


@pytest.fixture(scope="module")
def environment(tmp_path_factory) -> Path:
    """As scripts/install_vllm.sh makes it, with a vLLM that is none."""
    python = tmp_path_factory.mktemp("vllm") / "bin" / "python"
    python.parent.mkdir()
    path = f"{FAKE}:{REPOSITORY}"
    python.write_text(f'#!/bin/sh\nPYTHONPATH={path} exec {sys.executable} "$@"\n')
    python.chmod(0o755)
    return python.parents[1]


@pytest.fixture(scope="module")
def server(environment, tiny_base, tmp_path_factory):
    log = tmp_path_factory.mktemp("log") / "vllm.log"
    server = VLLMServer.start(environment, tiny_base, log, ["--dtype", "float32"])
    yield server
    server.close()


def is_stopped(server) -> bool:
    """Whether the process stops within a second of the signal."""
    for _ in range(100):
        status = Path(f"/proc/{server._process.pid}/stat").read_text()
        if status.rpartition(")")[2].split()[0] == "T":
            return True
        time.sleep(0.01)
    return False


def test_a_session_wakes_the_server_and_counts_its_tokens(
    server, tiny_tokenizer, plain
):
    assert server.name == "vLLM 0.0"
    source = build_vllm_v1(url=server.url, model=MODEL)
    with server.awake():
        inner = source.open(TokenizerAlone(tiny_tokenizer), None)
    assert is_stopped(server)
    engine = MeasuredVLLM(inner, server)
    prompt = tuple(range(40, 110))
    rows = [[Branch(prompt, 4)], [Branch((*prompt[:64], 7, 8), 2)]]
    for sessions in (1, 2):  # the second one finds nothing of the first one's
        with engine.session(2) as session:
            [[first]] = session.complete(rows[:1])
            [[second]] = session.complete(rows[1:])
        assert is_stopped(server)
        assert_same([[first], [second]], plain.complete(rows))
        # two whole blocks of 32 tokens of the first prompt were known
        assert engine.usage.tokens == sessions * (70 + 4 + 66 - 64 + 2)
        assert engine.usage.sessions == sessions
    assert engine.excluded_seconds > 0 and server.peak_mb > 50


def test_a_dead_vllm_is_an_error_that_names_its_log(tmp_path):
    log = tmp_path / "vllm.log"
    code = "import sys; print('no weights', file=sys.stderr); sys.exit(3)"
    command = [sys.executable, "-c", code]
    with pytest.raises(RuntimeError, match=rf"vLLM ended with 3: see {log}"):
        VLLMServer(command, {}, "http://127.0.0.1:9", log)
    assert log.read_text() == "no weights\n"


def test_vllm_runs_on_our_cores_and_without_a_network(tmp_path, monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    monkeypatch.setattr(server_module.os, "sched_getaffinity", lambda pid: {3, 1})
    env = server_module.cpu_environment(tmp_path)
    assert env["VLLM_CPU_OMP_THREADS_BIND"] == "1,3" and env["HF_HUB_OFFLINE"] == "1"
    assert "OMP_NUM_THREADS" not in env and "LD_PRELOAD" not in env
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "libiomp5.so").touch()
    preloaded = server_module.cpu_environment(tmp_path)["LD_PRELOAD"]
    assert preloaded == str((tmp_path / "lib" / "libiomp5.so").resolve())
