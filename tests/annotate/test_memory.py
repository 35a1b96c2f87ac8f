"""Memory does not grow with the number of documents."""

import json
from pathlib import Path

import pytest

from spacy_padellm.annotate.job import open_run
from spacy_padellm.annotate.worker import ShardWorker

from .conftest import request

PAGE = 4096  # bytes


def write_new_words(file: Path, n: int) -> Path:
    """Write short texts, each of words that no other has."""
    with file.open("w") as lines:
        for i in range(n):
            text = " ".join(f"w{i}x{word}" for word in range(8))
            print(json.dumps({"id": i, "text": text}), file=lines)
    return file


def resident_mb() -> float:
    return int(Path("/proc/self/statm").read_text().split()[1]) * PAGE / 2**20


def test_the_words_of_a_shard_are_forgotten(ruler, tmp_path):
    corpus = write_new_words(tmp_path / "in.jsonl", 15)
    worker = ShardWorker(open_run(request(ruler, corpus, tmp_path / "out")).job)
    strings = worker._annotator.nlp.vocab.strings
    worker.run(0)
    known = len(strings)
    worker.run(1)
    worker.run(2)
    assert len(strings) == known


@pytest.mark.slow
def test_memory_is_flat_over_100_000_documents(ruler, tmp_path):
    corpus = write_new_words(tmp_path / "in.jsonl", 100_000)
    run = open_run(request(ruler, corpus, tmp_path / "out", shard_size=1000))
    worker = ShardWorker(run.job)
    seen = []
    for shard in run.todo:
        run.totals.add(worker.run(shard))
        seen.append(resident_mb())
    run.close()
    assert run.totals.docs == 100_000
    assert max(seen[10:]) - seen[10] < 20, seen
