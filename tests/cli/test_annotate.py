"""`annotate` writes the documents of files with their entities, and says what is left
out."""

import json

import pytest
from spacy.tokens import DocBin
from typer.testing import CliRunner

from spacy_padellm.annotate.worker import ShardWorker
from spacy_padellm.cli.app import app

from ..annotate.conftest import (  # noqa: F401
    check_once,
    faulty,
    records,
    ruler,
    write_jsonl,
)
from ..pipeline.conftest import make_nlp  # noqa: F401


@pytest.fixture
def here(monkeypatch):
    """Workers are in this process, which costs no start."""
    asked = []

    def run_here(job, shards, processes, advance):
        asked.append(processes)
        worker = ShardWorker(job)
        for shard in shards:
            yield worker.run(shard, advance)

    monkeypatch.setattr("spacy_padellm.annotate.processes.run_in_processes", run_here)
    return asked


def run(*arguments):
    return CliRunner().invoke(app, ["annotate", *map(str, arguments)])


def test_a_process_annotates(ruler, tmp_path):  # noqa: F811
    corpus = write_jsonl(tmp_path / "in.jsonl")
    result = run(ruler, corpus, tmp_path / "out")
    assert result.exit_code == 0, result.output
    check_once(tmp_path / "out", 12)
    assert result.stdout == (
        f"Wrote {tmp_path / 'out'}: 12 documents, 16 entities\nLeft out: nothing\n"
    )


def test_what_is_left_out_is_said(faulty, here, tmp_path):  # noqa: F811
    corpus = write_jsonl(tmp_path / "in.jsonl", d3="FAILS", d5=" ")
    arguments = (faulty, corpus, tmp_path / "out", "--shard-size", 5)
    result = run(*arguments)
    assert result.exit_code == 1 and "[E417] Document 4 of" in result.stderr
    result = run(*arguments, "--errors", tmp_path / "errors.jsonl", "--processes", 7)
    assert "11 documents, 14 entities" in result.stdout
    assert "Left out: 1 documents that failed" in result.stdout
    assert "errors.jsonl" in result.stdout and "1 documents are blank" in result.stdout
    assert here == [1, 7]
    result = run(*arguments)
    assert "(12 documents by earlier runs)" in result.stdout
    assert "--errors FILE.jsonl" in result.stdout


def test_files_that_are_left_out_by_their_names_are_named(ruler, here, tmp_path):  # noqa: F811
    (tmp_path / "in").mkdir()
    write_jsonl(tmp_path / "in" / "a.jsonl")
    result = run(ruler, tmp_path / "in", tmp_path / "out")
    assert result.exit_code == 0 and "W401" not in result.stderr
    hidden = write_jsonl(tmp_path / "in" / "_b.jsonl")
    result = run(ruler, tmp_path / "in", tmp_path / "out 2")
    assert result.exit_code == 0, result.output
    assert "[W401]" in result.stderr and f"1 files, {hidden} first" in result.stderr


def test_gpus_are_for_ray(ruler, tmp_path):  # noqa: F811
    corpus, out = write_jsonl(tmp_path / "in.jsonl"), tmp_path / "out"
    result = run(ruler, corpus, out, "--gpus", 2)
    assert result.exit_code == 1 and not out.exists()
    assert "[E438]" in result.stderr and "--device" in result.stderr


def test_damaged_files_are_named(ruler, here, tmp_path):  # noqa: F811
    arguments = (ruler, write_jsonl(tmp_path / "in.jsonl"), tmp_path / "out")
    run(*arguments, "--shard-size", 5)
    for shard in (0, 2):
        (tmp_path / "out" / f"part-0000{shard}.jsonl").unlink()
    result = run(*arguments, "--shard-size", 5)
    assert result.stderr.startswith("part-00000.jsonl and 1 more: missing, of")
    assert "(5 documents by earlier runs)" in result.stdout
    check_once(tmp_path / "out", 12)


def test_the_options_reach_the_component(here, make_nlp, tmp_path):  # noqa: F811
    nlp = make_nlp(labels=["PERSON"])
    nlp.initialize()
    nlp.to_disk(tmp_path / "pipeline")
    corpus = write_jsonl(tmp_path / "in.jsonl", 3)
    options = "--labels A=a,B=b --threshold 0.5 --spans-key mine --device cpu".split()
    result = run(tmp_path / "pipeline", corpus, tmp_path / "out", *options)
    assert result.exit_code == 0, result.output
    plan = json.loads((tmp_path / "out" / "_annotate" / "plan.json").read_text())
    assert plan["options"]["--labels"] == {"A": "a", "B": "b"}
    result = run(tmp_path / "pipeline", corpus, tmp_path / "out", *options[:-4])
    assert "--spans-key was 'mine' and is None" in result.stderr
    for wrong, code in (("--threshold=2", "E805"), ("--adapter=no", "E812")):
        result = run(tmp_path / "pipeline", corpus, tmp_path / "new", wrong)
        assert result.exit_code == 1 and f"[{code}]" in result.stderr


def test_only_one_run_writes_to_a_folder(ruler, tmp_path):  # noqa: F811
    from spacy_padellm.annotate.job import locked

    corpus = write_jsonl(tmp_path / "in.jsonl")
    with locked(str(tmp_path / "out")):
        result = run(ruler, corpus, tmp_path / "out")
    assert result.exit_code == 1 and "[E430]" in result.stderr
    assert records(tmp_path / "out") == []


def test_options_for_a_component_need_one(ruler, tmp_path):  # noqa: F811
    corpus = write_jsonl(tmp_path / "in.jsonl")
    result = run(ruler, corpus, tmp_path / "out", "--threshold", 0.5)
    assert result.exit_code == 1 and "[E406]" in result.stderr
    result = run(ruler, corpus, tmp_path / "out", "--format", "xml")
    assert result.exit_code == 1 and "[E429]" in result.stderr


@pytest.mark.parametrize("spans_key", [None, "mine"])
def test_what_components_leave_out_is_said_without_a_group_too(
    here,
    make_nlp,  # noqa: F811
    tmp_path,
    spans_key,
):
    nlp = make_nlp(labels=["PERSON"], spans_key=spans_key)
    nlp.initialize()
    nlp.to_disk(tmp_path / "pipeline")
    (tmp_path / "in.jsonl").write_text(json.dumps({"text": f"See {'x' * 300} here"}))
    options = (tmp_path / "out", "--format", "spacy")
    result = run(tmp_path / "pipeline", tmp_path / "in.jsonl", *options)
    assert "Left out: 1 mentions (long token)" in result.stdout
    [doc] = (
        DocBin().from_disk(tmp_path / "out" / "part-00000.spacy").get_docs(nlp.vocab)
    )
    assert list(doc.spans) == ([spans_key] if spans_key else [])
