"""Queries in batches: what does not fit is halved, and named if that does not help."""

from contextlib import contextmanager
from threading import Barrier

import pytest
import torch

from spacy_padellm.engines import scheduler
from spacy_padellm.engines.base import PromptTooLong
from spacy_padellm.engines.scheduler import run_batches
from spacy_padellm.trees.batching import RowDoesNotFit


class Memory:
    """An engine in which so many words fit; more raise `error`. The result of a text is
    its length."""

    def __init__(self, words, error):
        self.words = words
        self.error = error
        self.batches = []

    @contextmanager
    def session(self, n_texts):
        yield n_texts

    def work(self, session, texts):
        assert session == len(texts)
        self.batches.append(texts)
        if sum(len(text.split()) for text in texts) > self.words:
            raise self.error
        return [len(text) for text in texts]


ERRORS = {
    "cuda": torch.OutOfMemoryError("CUDA out of memory"),
    "cpu": RuntimeError("DefaultCPUAllocator: can't allocate memory: 7 bytes"),
    "windows": RuntimeError("DefaultCPUAllocator: not enough memory: you tried 7"),
    "mps": RuntimeError("MPS backend out of memory (MPS allocated: 7 GB)"),
    "mps, one tensor": RuntimeError("Invalid buffer size: 77.00 GB"),
    "python": MemoryError("no more"),
    "context": PromptTooLong("[E601] A prompt and its answer take 9 tokens"),
}


def run(memory, texts, batch_tokens=10_000):
    return run_batches(
        memory,
        [len(text.split()) for text in texts],
        lambda session, batch: memory.work(
            session, [texts[number] for number in batch]
        ),
        batch_tokens=batch_tokens,
    )


@pytest.mark.parametrize("error", ERRORS.values(), ids=ERRORS)
def test_a_batch_that_does_not_fit_is_halved(error):
    texts = ["a " * n for n in (1, 7, 3, 8, 2, 5, 6, 4)]
    memory = Memory(12, error)
    found = run(memory, texts)
    assert found == [len(text) for text in texts]
    assert len(memory.batches) > 2


@pytest.mark.parametrize("error", ERRORS.values(), ids=ERRORS)
def test_the_query_that_never_fits_is_named(error):
    texts = ["a a", "a a a", "a " * 30, "a"]
    with pytest.raises(RowDoesNotFit) as raised:
        run(Memory(12, error), texts)
    assert raised.value.row == 2
    assert str(error) in str(raised.value)


def test_other_errors_are_not_swallowed():
    memory = Memory(3, RuntimeError("another fault"))
    with pytest.raises(RuntimeError, match="another fault"):
        run(memory, ["a a", "a a"])
    assert len(memory.batches) == 1


def test_a_budget_smaller_than_one_text_takes_them_one_by_one():
    memory = Memory(100, MemoryError())
    texts = ["a " * 9, "a " * 20, "a"]
    found = run(memory, texts, batch_tokens=1)
    assert found == [len(text) for text in texts]
    assert sorted(map(len, memory.batches)) == [1, 1, 1]


def test_like_lengths_share_a_batch():
    memory = Memory(100, MemoryError())
    run(memory, ["a", "a " * 20, "a", "a " * 20], batch_tokens=50)
    assert [set(batch) for batch in memory.batches] == [{"a " * 20}, {"a"}]


def test_nothing_to_read():
    assert run(Memory(0, MemoryError()), []) == []


class TwoAtOnce(Memory):
    """Whose sessions wait until two are open."""

    in_flight = 2

    def __init__(self, words=100, error=None):
        super().__init__(words, error)
        self.two_are_open = Barrier(2)

    @contextmanager
    def session(self, n_texts):
        self.two_are_open.wait(timeout=20)
        yield n_texts


def test_batches_are_under_work_at_once_where_an_engine_wants_that():
    texts = ["a " * n for n in range(1, 9)]
    found = run(TwoAtOnce(), texts, batch_tokens=1)
    assert found == [len(text) for text in texts]


def test_a_single_batch_needs_no_thread(monkeypatch):
    monkeypatch.setattr(scheduler, "ThreadPoolExecutor", None)
    memory = Memory(100, None)
    memory.in_flight = 2
    assert len(run(memory, ["a", "a"])) == 2


class Crowded(Memory):
    """Whose memory is too small for two batches, and suffices for one."""

    in_flight = 2

    def __init__(self, error):
        super().__init__(100, error)
        self.n_open = 0
        self.two_are_open = Barrier(2)

    @contextmanager
    def session(self, n_texts):
        self.n_open += 1
        try:
            if self.n_open + len(self.batches) <= 2:
                self.two_are_open.wait(timeout=20)
            yield n_texts
        finally:
            self.n_open -= 1

    def work(self, session, texts):
        self.words = 100 if len(self.batches) >= 2 else 0
        return super().work(session, texts)


@pytest.mark.parametrize("error", ERRORS.values(), ids=ERRORS)
def test_what_does_not_fit_beside_another_batch_is_read_by_itself(error):
    engine = Crowded(error)
    texts = ["a " * 9, "a " * 20]
    found = run(engine, texts, batch_tokens=1)
    assert found == [len(text) for text in texts]
    assert len(engine.batches) == 4
    assert sorted(engine.batches[:2]) == sorted(engine.batches[2:])


def test_errors_of_threads_are_not_swallowed():
    engine = TwoAtOnce(3, RuntimeError("another fault"))
    with pytest.raises(RuntimeError, match="another fault"):
        run(engine, ["a " * 9, "a " * 9], batch_tokens=1)
