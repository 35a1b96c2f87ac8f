"""`annotate` compares processes on the same texts."""

import json
import os

import pytest
from typer.testing import CliRunner

from benchmarks.__main__ import app
from benchmarks.experiments import annotate as module
from benchmarks.experiments.annotate import best_product, rate

from ...annotate.conftest import ruler, write_jsonl  # noqa: F401


def test_ways_take_turns_and_gains_are_reported(
    ruler,  # noqa: F811
    tmp_path,
    monkeypatch,
):
    monkeypatch.setattr(module, "best_product", lambda processes: 1.5 * processes)
    texts = write_jsonl(tmp_path / "in.jsonl", 12)
    arguments = ["annotate", "--texts", texts, "--pipeline", ruler]
    arguments += ["--shard-size", 2, "--rounds", 1, "--processes", "1,2"]
    arguments += ["--work", tmp_path / "work", "--output", tmp_path / "metrics"]
    done = CliRunner().invoke(app, list(map(str, arguments)))
    assert done.exit_code == 0, done.output
    saved = json.loads((tmp_path / "metrics" / "annotate.json").read_text())
    [one], [two] = saved["runs"].values()
    assert all(0 < run["start"] < run["seconds"] for run in (one, two))
    gain = two["docs_a_second"] / one["docs_a_second"]
    lines = done.output.splitlines()
    assert f"{gain:.2f} times 1 processes" in lines[1]
    assert "(matrix products: 2.00 times)" in lines[1]


@pytest.mark.slow
def test_matrix_products_of_processes_add_up():
    assert best_product(1) > 0 and best_product(2) > best_product(1) / 2


def test_the_first_shard_of_each_process_is_not_counted(tmp_path):
    folder = tmp_path / "_annotate" / "done"
    folder.mkdir(parents=True)
    for number, at in enumerate((10, 11, 13, 15)):
        file = folder / f"{number:05d}.json"
        file.write_text(json.dumps({"plan": "", "shard": number, "docs": 8}))
        os.utime(file, (at, at))
    assert rate(tmp_path, 2, 4.0) == (16 / 4, 7.0)
    with pytest.raises(ValueError, match="E929.*32 documents.*4 processes"):
        rate(tmp_path, 4, 4.0)
