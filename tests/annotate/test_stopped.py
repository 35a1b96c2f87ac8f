"""Ctrl-C stops `annotate` with one line, and the same command goes on."""

import os
import signal
import subprocess
import sys
import time

import pytest

from .conftest import check_once, request, run_here, write_jsonl

pytestmark = pytest.mark.skipif(os.name == "nt", reason="needs process groups")


@pytest.mark.parametrize(
    "moment", ["done/00000.json", pytest.param("plan.json", marks=pytest.mark.slow)]
)
def test_ctrl_c_is_one_line(faulty, tmp_path, moment):
    gate, out = tmp_path / "gate", tmp_path / "out"
    gate.touch()
    waiting = {f"d{i}": f"WAITS {gate}" for i in range(5, 20)}
    corpus = write_jsonl(tmp_path / "in.jsonl", 20, **waiting)
    command = [sys.executable, "-m", "spacy_padellm", "annotate", faulty, corpus, out]
    command += ["--shard-size", "5", "--processes", "2"]
    running = subprocess.Popen(
        command,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        # a shell lets its background jobs ignore it, and their children as well
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    while not (out / "_annotate" / moment).exists():
        assert running.poll() is None, running.stderr.read()
        time.sleep(0.01)
    time.sleep(0.1)
    os.killpg(running.pid, signal.SIGINT)  # as a terminal does
    _, said = running.communicate(timeout=60)
    assert said == "Stopped. Run the same command to go on.\n"
    assert running.returncode == 130
    gate.unlink()
    run = run_here(request(faulty, corpus, out))
    assert run.totals.docs == 20
    check_once(out, 20)
