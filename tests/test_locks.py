"""Locks are taken in one order, and a forked process inherits none."""

import os
import re
import signal
import threading
import time

import pytest
import torch

from spacy_padellm import locks
from spacy_padellm.adapters import shared_base
from spacy_padellm.adapters.adapted import AdaptedLM
from spacy_padellm.engines.packed import PackedEngine
from spacy_padellm.model.architectures import build_causal_lm_v1
from spacy_padellm.model.shim import causal_lm_shim

from .conftest import REPOSITORY
from .loras import LORA
from .threads import at_once
from .tree_training import TREES


class Watched:
    """A lock that notes who breaks the order: takes it while holding a base's."""

    def __init__(self, lock, held, faults, is_base):
        self.lock, self.held, self.faults = lock, held, faults
        self.is_base = is_base

    def __enter__(self):
        mine = self.held.setdefault(threading.get_ident(), [])
        holds_a_base = any(other.is_base for other in mine)
        if holds_a_base and self not in mine:
            self.faults.append(self)
        self.lock.acquire()
        mine.append(self)

    def __exit__(self, *_):
        self.held[threading.get_ident()].pop()
        self.lock.release()


@pytest.fixture
def watch(monkeypatch):
    """Watch all locks; the faults that were found, and the locks that were made."""
    held, faults, made = {}, [], []

    def base_lock():
        made.append(Watched(threading.RLock(), held, faults, is_base=True))
        return made[-1]

    building = Watched(threading.RLock(), held, faults, is_base=False)
    monkeypatch.setattr(shared_base, "base_lock", base_lock)
    for module in (
        "adapters.shared_base",
        "execution.decoding",
        "model.shim",
        "pipeline.annotate",
    ):
        monkeypatch.setattr(f"spacy_padellm.{module}.BUILDING", building)
    monkeypatch.setattr(shared_base, "_BASES", {})
    return faults, made


def test_no_thread_waits_for_building_while_it_holds_a_base(watch, tiny_base):
    faults, made = watch

    def work(number):
        lora = {**LORA, "use_dora": number % 2 == 1}
        merge = ("auto", "never")[number % 2]
        model = build_causal_lm_v1(base=str(tiny_base), lora=lora, merge_adapter=merge)
        shim = causal_lm_shim(model)
        shim.initialize()
        model.begin_update(TREES)
        with shim.engine.session(1) as session:
            session.decoder.logits(torch.zeros(1, 64))
        return shim.to_bytes()

    assert all(isinstance(one, bytes) for one in at_once(work))
    assert len(made) == 1 and faults == []


def test_a_break_of_the_order_would_be_found(watch, tiny_base):
    faults, made = watch
    shim = causal_lm_shim(build_causal_lm_v1(base=str(tiny_base)))
    base = shim.lm.base
    del shim
    with base.lock:
        causal_lm_shim(build_causal_lm_v1(base=str(tiny_base))).lm  # noqa: B018
    assert faults


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
@pytest.mark.parametrize("which", ["building", "base", "engine", "labels"])
def test_a_fork_waits_until_nobody_holds_a_lock(which, open_tiny, tiny_tokenizer):
    """nlp.pipe(n_process=2) while another thread loads, say."""
    engine = PackedEngine(AdaptedLM.plain(open_tiny), tiny_tokenizer)
    lock = {
        "building": locks.BUILDING,
        "base": open_tiny.lock,
        "engine": engine._lock,
        "labels": engine.decoding.current().name_caches._lock,
    }[which]
    held = threading.Event()

    def hold():
        with lock:
            held.set()
            time.sleep(0.2)

    thread = threading.Thread(target=hold)
    thread.start()
    held.wait()
    child = os.fork()
    if not child:
        os._exit(0 if lock.acquire(timeout=2) else 1)
    thread.join()
    assert os.waitpid(child, 0)[1] == 0
    assert lock.acquire(timeout=2)
    lock.release()


class Slow:
    started = threading.Event()

    @locks.cached_property
    def value(self):
        """The value."""
        self.started.set()
        time.sleep(0.3)
        return 7


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_fork_while_a_property_is_computed():
    """The child computes its own: functools' has a lock before Python 3.12."""
    slow = Slow()
    thread = threading.Thread(target=lambda: slow.value)
    thread.start()
    Slow.started.wait()
    child = os.fork()
    if not child:
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.alarm(3)
        os._exit(0 if Slow().value == 7 else 1)
    thread.join()
    assert os.waitpid(child, 0)[1] == 0
    assert vars(slow) == {"value": 7}
    assert Slow.value.__doc__ == "The value."


def test_all_locks_are_made_where_a_fork_takes_them():
    made = re.compile(r"functools.*\bcached_property|threading.*Lock|\bR?Lock\(\)")
    files = (REPOSITORY / "spacy_padellm").rglob("*.py")
    texts = {file.name: file.read_text(encoding="utf8") for file in files}
    assert [name for name, text in texts.items() if made.search(text)] == ["locks.py"]


def test_of_threads_that_say_the_same_at_once_one_is_the_first():
    met = threading.Barrier(8)
    seen = threading.local()

    class Kind(str):
        """Threads meet as they look it up."""

        def __hash__(self):
            if not hasattr(seen, "it"):
                seen.it = True
                met.wait(timeout=30)
            return super().__hash__()

    once = locks.Once()
    kind = Kind("lost")
    firsts = at_once(lambda _: once.is_first(kind), 8)
    assert sorted(firsts) == [False] * 7 + [True]
    assert once.is_first("other") and not once.is_first("other")
