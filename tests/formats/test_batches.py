"""Queries in batches: what does not fit is halved, and named if that does not help."""

from contextlib import contextmanager
from threading import Barrier

import pytest
import torch

from spacy_padellm.formats import batches
from spacy_padellm.formats.base import Extraction, Query
from spacy_padellm.formats.batches import QueryTooLarge, extract_in_batches

LABELS = {"PER": "person"}


class Memory:
    """An engine and a format at once: so many words fit, and more raise `error`."""

    def __init__(self, words, error):
        self.words = words
        self.error = error
        self.batches = []

    @contextmanager
    def session(self, n_texts):
        yield n_texts

    def extract(self, queries, session, tokenizer):
        assert session == len(queries)
        self.batches.append([query.text for query in queries])
        if sum(len(query.text.split()) for query in queries) > self.words:
            raise self.error
        return [Extraction((), {"PER": len(query.text)}) for query in queries]


ERRORS = {
    "cuda": torch.OutOfMemoryError("CUDA out of memory"),
    "cpu": RuntimeError("DefaultCPUAllocator: can't allocate memory: 7 bytes"),
    "python": MemoryError("no more"),
    "context": ValueError("[E601] A prompt and its answer take 9 tokens"),
}


def extract(memory, texts, tokenizer, batch_tokens=10_000):
    return extract_in_batches(
        [Query(text, LABELS) for text in texts],
        engine=memory,
        tokenizer=tokenizer,
        format=memory,
        batch_tokens=batch_tokens,
    )


@pytest.mark.parametrize("error", ERRORS.values(), ids=ERRORS)
def test_a_batch_that_does_not_fit_is_halved(error, tiny_tokenizer):
    texts = ["a " * n for n in (1, 7, 3, 8, 2, 5, 6, 4)]
    memory = Memory(12, error)
    found = extract(memory, texts, tiny_tokenizer)
    assert [one.counts["PER"] for one in found] == [len(text) for text in texts]
    assert len(memory.batches) > 2


@pytest.mark.parametrize("error", ERRORS.values(), ids=ERRORS)
def test_the_query_that_never_fits_is_named(error, tiny_tokenizer):
    texts = ["a a", "a a a", "a " * 30, "a"]
    with pytest.raises(QueryTooLarge) as raised:
        extract(Memory(12, error), texts, tiny_tokenizer)
    assert raised.value.number == 2
    assert str(error) in str(raised.value) and raised.value.__cause__ is error


def test_other_errors_are_not_swallowed(tiny_tokenizer):
    memory = Memory(3, RuntimeError("another fault"))
    with pytest.raises(RuntimeError, match="another fault"):
        extract(memory, ["a a", "a a"], tiny_tokenizer)
    assert len(memory.batches) == 1


def test_a_budget_smaller_than_one_text_takes_them_one_by_one(tiny_tokenizer):
    memory = Memory(100, MemoryError())
    texts = ["a " * 9, "a " * 20, "a"]
    found = extract(memory, texts, tiny_tokenizer, batch_tokens=1)
    assert [one.counts["PER"] for one in found] == [len(text) for text in texts]
    assert sorted(map(len, memory.batches)) == [1, 1, 1]


def test_like_lengths_share_a_batch(tiny_tokenizer):
    memory = Memory(100, MemoryError())
    extract(memory, ["a", "a " * 20, "a", "a " * 20], tiny_tokenizer, batch_tokens=60)
    assert [set(batch) for batch in memory.batches] == [{"a " * 20}, {"a"}]


def test_nothing_to_read(tiny_tokenizer):
    assert extract(Memory(0, MemoryError()), [], tiny_tokenizer) == []


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


def test_batches_are_under_work_at_once_where_an_engine_wants_that(tiny_tokenizer):
    texts = ["a " * n for n in range(1, 9)]
    found = extract(TwoAtOnce(), texts, tiny_tokenizer, batch_tokens=1)
    assert [one.counts["PER"] for one in found] == [len(text) for text in texts]


def test_a_single_batch_needs_no_thread(tiny_tokenizer, monkeypatch):
    monkeypatch.setattr(batches, "ThreadPoolExecutor", None)
    memory = Memory(100, None)
    memory.in_flight = 2
    assert len(extract(memory, ["a", "a"], tiny_tokenizer)) == 2


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

    def extract(self, queries, session, tokenizer):
        self.words = 100 if len(self.batches) >= 2 else 0
        return super().extract(queries, session, tokenizer)


@pytest.mark.parametrize("error", ERRORS.values(), ids=ERRORS)
def test_what_does_not_fit_beside_another_batch_is_read_by_itself(
    error, tiny_tokenizer
):
    engine = Crowded(error)
    texts = ["a " * 9, "a " * 20]
    found = extract(engine, texts, tiny_tokenizer, batch_tokens=1)
    assert [one.counts["PER"] for one in found] == [len(text) for text in texts]
    assert len(engine.batches) == 4
    assert sorted(engine.batches[:2]) == sorted(engine.batches[2:])


def test_errors_of_threads_are_not_swallowed(tiny_tokenizer):
    engine = TwoAtOnce(3, RuntimeError("another fault"))
    with pytest.raises(RuntimeError, match="another fault"):
        extract(engine, ["a " * 9, "a " * 9], tiny_tokenizer, batch_tokens=1)
