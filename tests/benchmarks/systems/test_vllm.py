"""vLLM's driver and its client: what is asked, what is answered, what is counted."""

import io
import json
import sys
from pathlib import Path

import pytest

from benchmarks.systems.vllm import process
from benchmarks.systems.vllm.engine import VLLMEngine
from benchmarks.systems.vllm.process import VLLMProcess
from spacy_padellm.trees.branch import Branch

FAKE = Path(__file__).parent / "fake_vllm"


@pytest.fixture
def driver(monkeypatch, capsys):
    """The driver's module, with a vLLM that is none."""
    monkeypatch.syspath_prepend(str(FAKE))
    from benchmarks.systems.vllm import driver

    yield driver
    sys.modules.pop("vllm", None)


def request(*prompts, max_tokens=4, stop_ids=(), stop=()):
    n = len(prompts)
    return {
        "prompts": [list(prompt) for prompt in prompts],
        "max_tokens": [max_tokens] * n,
        "stop_ids": [list(stop_ids)] * n,
        "stop": [list(stop)] * n,
    }


def test_the_driver_answers_line_by_line(driver, tiny_base):
    prompt = list(range(40, 110))
    asked = [
        request(prompt),
        request(prompt[:64] + [7, 8]),
        {"reset": True},
        request(prompt, [9, 10], max_tokens=2),
    ]
    answers = io.StringIO()
    driver.serve(
        lambda: driver.VLLM(str(tiny_base), "float32", 512, eager=True),
        io.StringIO("".join(json.dumps(one) + "\n" for one in asked)),
        answers,
    )
    ready, first, second, reset, third = map(
        json.loads, answers.getvalue().split("\n")[:-1]
    )
    assert ready == {"ready": "vLLM 0.0"} and reset == {"reset": True}
    assert [len(ids) for ids in first["ids"]] == [4] and first["stopped"] == [False]
    # two whole blocks of 32 tokens were known; after the reset, none
    counts = [
        (one["prompt_tokens"], one["cached_tokens"]) for one in (first, second, third)
    ]
    assert counts == [(70, 0), (66, 64), (72, 0)]
    assert third["ids"][0] == first["ids"][0][:2]
    assert first["seconds"] > 0 and first["peak_mb"] > 50


def test_a_stop_token_ends_an_answer_and_is_no_part_of_it(driver, tiny_base):
    model = driver.VLLM(str(tiny_base), "float32", 512, eager=True)
    (free,) = model.complete(request(range(50, 60)))["ids"]
    stop = free[2]
    expected = free[: free.index(stop)]
    stopped = model.complete(request(range(50, 60), stop_ids=[stop]))
    assert (stopped["ids"], stopped["stopped"]) == ([expected], [True])


class Scripted:
    """A process whose answers are given."""

    def __init__(self, *answers):
        self.answers = list(answers)
        self.asked = []

    def ask(self, request):
        self.asked.append(request)
        return {"reset": True} if "reset" in request else self.answers.pop(0)


def test_an_engine_asks_for_all_branches_at_once(tiny_tokenizer):
    ids = list(tiny_tokenizer.encode("Oslo\n<mention 2>", add_special_tokens=False).ids)
    answer = {
        "ids": [ids, [], [5]],
        "stopped": [True, True, False],
        "seconds": 0.0,
        "prompt_tokens": 90,
        "cached_tokens": 64,
    }
    scripted = Scripted(answer)
    engine = VLLMEngine(scripted, tiny_tokenizer)
    branches = [
        [Branch((1, 2), 48, stop_strings=("\n<mention ",)), Branch((3,), 8)],
        [],
        [Branch((4,), 1, frozenset((9, 2)), candidates=(5, 6))],
    ]
    with engine.session(3) as session:
        (oslo, nothing), none, (digit,) = session.complete(branches)
    reset, asked = scripted.asked
    assert reset == {"reset": True}
    assert asked["prompts"] == [(1, 2), (3,), (4,)]
    assert asked["max_tokens"] == [48, 8, 1] and asked["stop_ids"] == [[], [], [2, 9]]
    assert (oslo.text, oslo.stopped) == ("Oslo", True)
    assert (nothing.ids, nothing.text, nothing.logprobs) == ((), "", (0.0,))
    assert none == [] and digit.ids == (5,) and digit.candidates == (0.0, 0.0)
    assert engine.usage.tokens == 90 - 64 + len(ids) + 1
    assert engine.excluded_seconds > 0  # all of this took no time of vLLM's


def test_a_dead_vllm_is_an_error_that_names_its_log(tmp_path):
    log = tmp_path / "vllm.log"
    code = "import sys; print('no weights', file=sys.stderr); sys.exit(3)"
    with pytest.raises(RuntimeError, match=rf"vLLM ended with 3: see {log}"):
        VLLMProcess([sys.executable, "-c", code], {}, log)
    assert log.read_text() == "no weights\n"


def test_vllm_runs_on_our_cores_and_without_a_network(tmp_path, monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    monkeypatch.setattr(process.os, "sched_getaffinity", lambda pid: {3, 1})
    env = process.cpu_environment(tmp_path)
    assert env["VLLM_CPU_OMP_THREADS_BIND"] == "1,3" and env["HF_HUB_OFFLINE"] == "1"
    assert "OMP_NUM_THREADS" not in env and "LD_PRELOAD" not in env
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "libiomp5.so").touch()
    preloaded = process.cpu_environment(tmp_path)["LD_PRELOAD"]
    assert preloaded == str((tmp_path / "lib" / "libiomp5.so").resolve())
