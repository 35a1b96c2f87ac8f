"""Worker processes may die: of others' kills, or of a document. Nothing is lost."""

import json
import subprocess
import sys

import pytest

from spacy_padellm.annotate.processes import PRELOADED, Process, run_in_processes
from spacy_padellm.annotate.settings import PipelineSettings
from spacy_padellm.annotate.worker import Job

from .conftest import check_once, records, request, run_here, run_with, write_jsonl


def run(asked, workers=2):
    counted = []

    def shards(run):
        return run_in_processes(run.job, run.todo, workers, counted.append)

    return run_with(asked, shards), counted


def test_what_the_fork_server_imports_has_the_heavy_packages():
    """The fork server ignores a module that cannot be imported."""
    code = f"import {', '.join(PRELOADED)}, sys; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert {"peft", "torch", "transformers"} <= {*done.stdout.split()}, done.stderr


def test_processes_write_what_one_writes(ruler, tmp_path):
    corpus = write_jsonl(tmp_path / "in.jsonl", 23)
    _, counted = run(request(ruler, corpus, tmp_path / "out"))
    run_here(request(ruler, corpus, tmp_path / "alone"))
    check_once(tmp_path / "out", 23)
    assert records(tmp_path / "out") == records(tmp_path / "alone")
    assert sum(counted) == 23


def test_a_document_that_kills_is_isolated_and_named(faulty, tmp_path):
    """Others that failed or killed once are there, and so is each counted once."""
    corpus = write_jsonl(
        tmp_path / "in.jsonl",
        d1="ONCE in processes",
        d3="DEADLY",
        d4="DEADLY too",
        d8="FAILS",
    )
    errors = tmp_path / "errors.jsonl"
    out = tmp_path / "out"
    done, counted = run(request(faulty, corpus, out, errors=str(errors)), workers=1)
    failed = [json.loads(line) for line in errors.read_text().splitlines()]
    assert [(one["input"]["id"], one["number"]) for one in failed] == [
        (3, 4),
        (4, 5),
        (8, 9),
    ]
    assert "ended the worker process" in failed[0]["reason"]
    ids = [record["id"] for record in records(out)]
    assert ids == [i for i in range(12) if i not in (3, 4, 8)]
    assert done.totals.docs == 9 and sum(counted) == 12
    assert not (out / "_annotate" / "attempts").exists()


def test_without_errors_a_document_that_kills_is_named(faulty, tmp_path):
    corpus = write_jsonl(tmp_path / "in.jsonl", 4, d3="DEADLY")
    with pytest.raises(ValueError, match=r"E417.*Document 4 of .*in\.jsonl"):
        run(request(faulty, corpus, tmp_path / "out"), workers=1)


def test_processes_that_die_while_they_load_end_the_run(ruler, tmp_path, monkeypatch):
    corpus = write_jsonl(tmp_path / "in.jsonl", 4)
    start = Process.__init__

    def start_and_kill(self, job, threads):
        start(self, job, threads)
        self._process.kill()

    monkeypatch.setattr(Process, "__init__", start_and_kill)
    with pytest.raises(ValueError, match="E419.*3 worker .* exit code -9"):
        run(request(ruler, corpus, tmp_path / "out"), workers=1)


def test_a_worker_says_what_is_wrong(tmp_path):
    job = Job(str(tmp_path), "0", PipelineSettings())
    with pytest.raises(ValueError, match="E425"):
        list(run_in_processes(job, [0], 1, print))
