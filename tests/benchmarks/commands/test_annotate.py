"""`annotate` compares processes on the same texts."""

import json
import os

import pytest
from typer.testing import CliRunner

from benchmarks.__main__ import app
from benchmarks.experiments import annotate as module
from benchmarks.experiments.annotate import Run, Way, best_product, rate
from spacy_padellm.annotate.record import Receipt

from ...annotate.conftest import ruler, write_jsonl  # noqa: F401


def test_ways_take_turns_and_gains_are_medians(tmp_path, monkeypatch):
    turns = []
    docs_a_second = iter([10, 19, 15, 20, 40, 30, 5, 10, 5])

    def run(way, pipeline, texts, out, shard_size):
        turns.append(way)
        return Run(next(docs_a_second), 1.0, 2.0)

    monkeypatch.setattr(module, "run", run)
    monkeypatch.setattr(module, "best_product", lambda processes: 1.5 * processes)
    arguments = ["annotate", "--texts", "in.jsonl", "--ray", "2", "--output", tmp_path]
    done = CliRunner().invoke(app, list(map(str, arguments)))
    assert done.exit_code == 0, done.output
    assert turns == [Way(1), Way(2), Way(2, ray=True)] * 3
    lines = done.output.splitlines()
    assert "10.00 documents a second, 1.00 times" in lines[0]
    assert "2 processes: 19.00 documents a second, 2.00 times" in lines[1]
    assert "(matrix products: 2.00 times)" in lines[1]
    assert "2 on Ray: 15.00 documents a second, 1.50 times" in lines[2]
    saved = json.loads((tmp_path / "annotate.json").read_text())
    assert [one["docs_a_second"] for one in saved["runs"]["1 processes"]] == [10, 20, 5]


@pytest.mark.slow
def test_the_command_is_run(ruler, tmp_path):  # noqa: F811
    texts = write_jsonl(tmp_path / "in.jsonl", 12)
    done = module.run(Way(2), ruler, texts, tmp_path / "out", 2)
    assert 0 < done.start < done.seconds and done.docs_a_second > 0


@pytest.mark.slow
def test_matrix_products_of_processes_add_up():
    assert best_product(1) > 0 and best_product(2) > best_product(1) / 2


def test_the_first_shard_of_each_process_is_not_counted(tmp_path):
    folder = tmp_path / "_annotate" / "done"
    folder.mkdir(parents=True)
    for number, at in enumerate((10, 11, 13, 15)):
        file = folder / f"{number:05d}.json"
        file.write_bytes(Receipt(plan="", shard=number, size=9, docs=8).to_bytes())
        os.utime(file, (at, at))
    assert rate(tmp_path, 2, 4.0) == (16 / 4, 7.0)
    with pytest.raises(ValueError, match=r"E619.*32 documents.*4 processes"):
        rate(tmp_path, 4, 4.0)
