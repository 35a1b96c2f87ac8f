"""The device of each process, with simulated GPUs."""

import multiprocessing

import pytest
import torch

from spacy_padellm.bases import devices
from spacy_padellm.bases.devices import check_fork, resolve_device, resolve_dtype


@pytest.fixture
def machine(monkeypatch):
    """Simulate GPUs. worker: the number of the worker process, from 0."""

    def machine(*, n_cuda, current=0, worker=None, bad_fork=False, mps=False):
        monkeypatch.setattr(torch.cuda, "is_available", lambda: n_cuda > 0)
        monkeypatch.setattr(torch.cuda, "device_count", lambda: n_cuda)
        monkeypatch.setattr(torch.cuda, "current_device", lambda: current)
        for module in (torch.cuda, torch.mps):
            monkeypatch.setattr(module, "_is_in_bad_fork", lambda: bad_fork)
        monkeypatch.setattr(torch.backends.mps, "is_available", lambda: mps)
        monkeypatch.setattr(devices, "_worker_number", lambda: worker)

    return machine


def test_without_a_gpu(machine):
    machine(n_cuda=0)
    assert resolve_device("auto") == "cpu"
    machine(n_cuda=0, mps=True)
    assert resolve_device("auto") == "mps"
    with pytest.raises(ValueError, match="E703.*finds 0"):
        resolve_device("cuda")


def test_auto_is_the_gpu_that_spacy_was_told_to_use(machine):
    machine(n_cuda=2, current=1, mps=True)
    assert resolve_device("auto") == "cuda:1"
    assert resolve_device("cuda") == "cuda:0"
    assert resolve_device("cpu") == "cpu"


@pytest.mark.parametrize("device", ["auto", "cuda"])
def test_each_worker_takes_another_gpu(machine, device):
    taken = []
    for worker in range(5):
        machine(n_cuda=2, worker=worker)
        taken.append(resolve_device(device))
        assert resolve_device("cuda:1") == "cuda:1"
    assert taken == ["cuda:0", "cuda:1", "cuda:0", "cuda:1", "cuda:0"]


@pytest.mark.parametrize("device", ["auto", "cuda", "cuda:1"])
def test_a_fork_of_a_process_that_uses_a_gpu_says_what_to_do(machine, device):
    machine(n_cuda=2, worker=0, bad_fork=True)
    with pytest.raises(ValueError, match="E711.*spawn.*n_process"):
        resolve_device(device)
    check_fork("cpu")
    assert resolve_device("cpu") == "cpu"


@pytest.mark.parametrize("device", ["auto", "mps"])
def test_a_fork_of_a_process_that_uses_apples_gpu_says_so_too(machine, device):
    machine(n_cuda=0, mps=True, worker=0)
    assert resolve_device(device) == "mps"
    machine(n_cuda=0, mps=True, worker=0, bad_fork=True)
    with pytest.raises(ValueError, match="E711.*'mps'"):
        resolve_device(device)


def test_a_model_that_came_by_a_fork_says_what_to_do(machine, open_tiny, tiny_base):
    from spacy_padellm.adapters.adapted import AdaptedLM
    from spacy_padellm.model.architectures import build_causal_lm_v1
    from spacy_padellm.model.shim import causal_lm_shim

    class OnGPU(AdaptedLM):
        device = torch.device("cuda", 0)

    shim = causal_lm_shim(build_causal_lm_v1(base=str(tiny_base), device="cpu"))
    shim._lm.value = OnGPU.plain(open_tiny)
    machine(n_cuda=1, worker=0, bad_fork=True)
    with pytest.raises(ValueError, match="E711"):
        shim.engine  # noqa: B018


def worker_number(queue):
    queue.put(devices._worker_number())


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_workers_are_numbered(method):
    assert devices._worker_number() is None
    context = multiprocessing.get_context(method)
    queue = context.SimpleQueue()
    numbers = []
    for _ in range(2):
        process = context.Process(target=worker_number, args=(queue,))
        process.start()
        numbers.append(queue.get())
        process.join()
    assert numbers[1] == numbers[0] + 1


@pytest.mark.skipif(
    not torch.backends.mkldnn.is_available(), reason="torch asks oneDNN for it"
)
@pytest.mark.parametrize(
    ("dtype", "check"), [("bfloat16", "bf16"), ("float16", "fp16")]
)
def test_a_cpu_that_has_to_emulate_a_precision_is_warned_of(
    monkeypatch, recwarn, dtype, check
):
    def supported(answer):
        monkeypatch.setattr(
            torch.ops.mkldnn,
            f"_is_mkldnn_{check}_supported",
            lambda: answer,
            raising=False,
        )

    supported(False)
    with pytest.warns(UserWarning, match=f"W701.*{dtype}.*float32"):
        resolve_dtype(dtype, "cpu")
    supported(True)
    assert resolve_dtype(dtype, "cpu") == getattr(torch, dtype)
    supported(False)
    resolve_dtype(dtype, "cuda:0")
    resolve_dtype("auto", "cpu")
    assert not recwarn.list
