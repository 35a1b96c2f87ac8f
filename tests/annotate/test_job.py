"""A run writes each document once, however often it is interrupted, and refuses to go
on with another input or other options."""

import json
import os
from collections import Counter
from datetime import date
from pathlib import Path, PurePosixPath, PureWindowsPath
from types import SimpleNamespace

import pyarrow
import pyarrow.parquet
import pytest
import spacy
from spacy.tokens import DocBin

from spacy_padellm.annotate import plan as plan_module
from spacy_padellm.annotate.entities import DocAnnotator
from spacy_padellm.annotate.failures import matches
from spacy_padellm.annotate.folder import UNFINISHED, Folder
from spacy_padellm.annotate.job import locked, open_run
from spacy_padellm.annotate.rows import Row
from spacy_padellm.annotate.worker import ShardWorker
from spacy_padellm.engines.base import Unavailable

from .conftest import check_once, records, request, run_here, texts, write_jsonl
from .conftest import request as request_for


class Killed(BaseException):
    """What no handler of errors catches."""


@pytest.fixture
def corpus(tmp_path):
    return write_jsonl(tmp_path / "in.jsonl")


def whole(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.glob("part-*")}


def test_documents_keep_their_fields_and_order(ruler, corpus, tmp_path):
    run = run_here(request(ruler, corpus, tmp_path / "out"))
    check_once(tmp_path / "out", 12)
    assert records(tmp_path / "out")[1] == {
        "id": 1,
        "text": "FIFA let Li Wei win 1 times.",
        "more": [1, None],
        "entities": [
            {"start": 0, "end": 4, "label": "ORG", "score": None},
            {"start": 9, "end": 15, "label": "PER", "score": None},
        ],
    }
    names = [f"part-{shard:05d}.jsonl" for shard in range(3)]
    assert sorted(whole(tmp_path / "out")) == names
    assert (run.totals.docs, run.totals.entities) == (12, 16)


def test_a_finished_run_leaves_nothing_unfinished(ruler, corpus, tmp_path):
    asked = request(ruler, corpus, tmp_path / "out")
    with locked(asked.out):
        run = open_run(asked)
        for folder in ("", "_annotate", "_annotate/done"):
            left = tmp_path / "out" / folder / f"{UNFINISHED}0-part-00000.jsonl"
            left.parent.mkdir(exist_ok=True)
            left.touch()
        for shard in run.todo:
            run.totals.add(ShardWorker(run.job).run(shard))
        run.close()
    assert not list((tmp_path / "out").rglob(f"{UNFINISHED}*"))


@pytest.mark.parametrize("moment", ["before", "after"])
def test_killed_at_any_write_it_goes_on(ruler, tmp_path, monkeypatch, moment):
    corpus = write_jsonl(tmp_path / "in.jsonl", 8)
    write, left = Folder.write, [0]

    def write_or_die(self, name, data):
        left[0] -= 1
        if left[0] == 0 and moment == "before":
            raise Killed
        write(self, name, data)
        if left[0] == 0 and moment == "after":
            raise Killed

    monkeypatch.setattr(Folder, "write", write_or_die)
    run_here(request(ruler, corpus, tmp_path / "undisturbed"))
    writes = -left[0]
    assert writes == 8  # a plan, three for each of two shards, and the end
    for place in range(1, writes + 1):
        out = tmp_path / f"out{place}"
        left[0] = place
        with pytest.raises(Killed):
            run_here(request(ruler, corpus, out))
        run = run_here(request(ruler, corpus, out))
        assert run.totals.docs == 8
        check_once(out, 8)
        assert whole(out) == whole(tmp_path / "undisturbed")


def test_a_file_cut_off_while_it_was_written_is_removed(ruler, corpus, tmp_path):
    out = tmp_path / "out"
    run_here(request(ruler, corpus, out))
    (out / "part-00001.jsonl").unlink()
    (out / ".unfinished-0-part-00001.jsonl").write_text('{"id": 5, "te')
    run_here(request(ruler, corpus, out))
    check_once(out, 12)
    assert len(list(out.iterdir())) == 4


def cut(file):
    file.write_bytes(file.read_bytes()[:-1])


@pytest.mark.parametrize("damage", [cut, Path.unlink])
def test_a_finished_file_that_is_damaged_is_written_again(
    ruler, corpus, tmp_path, damage
):
    asked = request(ruler, corpus, tmp_path / "out")
    run_here(asked)
    before = whole(tmp_path / "out")
    damage(tmp_path / "out" / "part-00001.jsonl")
    run = run_here(asked)
    assert run.damaged == ["part-00001.jsonl"] and run.todo == [1]
    assert whole(tmp_path / "out") == before
    assert run_here(asked).damaged == []


@pytest.mark.parametrize("data", [b"", b'{"plan": "', b"[]", b'{"size": 1}'])
def test_a_shard_whose_receipt_was_cut_is_written_again(ruler, corpus, tmp_path, data):
    asked = request(ruler, corpus, tmp_path / "out")
    run_here(asked)
    before = whole(tmp_path / "out")
    [_, second, *_] = sorted((tmp_path / "out" / "_annotate" / "done").iterdir())
    second.write_bytes(data)
    run = run_here(asked)
    assert run.damaged == ["part-00001.jsonl"] and run.todo == [1]
    assert whole(tmp_path / "out") == before


def test_a_run_that_is_done_has_nothing_to_do(ruler, corpus, tmp_path):
    asked = request(ruler, corpus, tmp_path / "out")
    run_here(asked)
    before = [file.stat().st_mtime_ns for file in (tmp_path / "out").glob("part-*")]
    run = run_here(asked)
    assert run.todo == [] and run.totals.docs == 12
    after = [file.stat().st_mtime_ns for file in (tmp_path / "out").glob("part-*")]
    assert before == after


def test_a_changed_input_is_refused(ruler, corpus, tmp_path):
    folder, out = tmp_path / "in", tmp_path / "out"
    folder.mkdir()
    file = corpus.rename(folder / "a.jsonl")
    run_here(request(ruler, folder, out))
    data = file.read_bytes()
    file.write_bytes(data)  # another time of change, the same bytes
    run_here(request(ruler, folder, out))
    file.write_bytes(data.replace(b"FIFA", b"UEFA"))  # the same length
    with pytest.raises(ValueError, match="E415.*a.jsonl has changed"):
        run_here(request(ruler, folder, out))
    file.write_bytes(data)
    write_jsonl(folder / "b.jsonl")
    with pytest.raises(ValueError, match="E415.*b.jsonl is new"):
        run_here(request(ruler, folder, out))
    file.rename(folder / "b.jsonl")
    with pytest.raises(ValueError, match="E415.*a.jsonl is gone"):
        run_here(request(ruler, folder, out))
    check_once(out, 12)


def test_other_options_are_refused(ruler, corpus, tmp_path):
    out = tmp_path / "out"
    run_here(request(ruler, corpus, out))
    with pytest.raises(ValueError, match="E416.*--shard-size was 5 and is 6"):
        run_here(request(ruler, corpus, out, shard_size=6))
    with pytest.raises(ValueError, match="E416.*--format was 'jsonl' and is 'spacy'"):
        run_here(request(ruler, corpus, out, format="spacy"))
    nlp = spacy.load(ruler)
    nlp.get_pipe("entity_ruler").add_patterns([{"label": "X", "pattern": "win"}])
    nlp.to_disk(tmp_path / "other")
    with pytest.raises(ValueError, match="E416.*PIPELINE has changed"):
        run_here(request(str(tmp_path / "other"), corpus, out))
    check_once(out, 12)


def test_a_folder_with_something_else_is_left_alone(ruler, corpus, tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    (out / "thesis.doc").write_text("mine")
    with pytest.raises(ValueError, match="E410.*thesis.doc"):
        run_here(request(ruler, corpus, out))
    assert [file.name for file in out.iterdir()] == ["thesis.doc"]


def test_the_output_is_not_read_as_input(ruler, corpus, tmp_path):
    for source in (tmp_path, tmp_path / "**/*.jsonl"):
        with pytest.raises(ValueError, match="E426"):
            run_here(request(ruler, source, tmp_path / "out"))
    run_here(request(ruler, tmp_path / "*.jsonl", tmp_path / "out"))


@pytest.mark.parametrize("format", ["jsonl", "spacy", "parquet"])
def test_the_name_of_a_file_may_not_be_utf8(ruler, tmp_path, format):
    (tmp_path / "in").mkdir()
    try:
        Path(os.fsdecode(bytes(tmp_path / "in" / "caf") + b"\xe9.txt")).write_text(
            "FIFA"
        )
    except OSError:
        pytest.skip("this file system has UTF-8 names only")
    asked = request(ruler, tmp_path / "in", tmp_path / "out", format=format)
    assert run_here(asked).totals.docs == 1
    assert run_here(asked).todo == []
    if format == "jsonl":
        [record] = records(tmp_path / "out")
        assert record["file"].endswith(r"caf\udce9.txt")


@pytest.mark.parametrize("format", ["jsonl", "spacy", "parquet"])
def test_a_corpus_of_an_empty_file_is_done_at_once(ruler, tmp_path, format):
    (tmp_path / "a.csv").touch()
    source, out = tmp_path / "a.csv", tmp_path / "out"
    run = run_here(request(ruler, source, out, format=format))
    assert run.plan.total == 0 and (out / "_annotate" / "finished.json").exists()


def test_damaged_input_is_refused_before_anything_is_annotated(ruler, tmp_path):
    write_jsonl(tmp_path / "a.jsonl")
    (tmp_path / "b.jsonl.gz").write_bytes(b"\x1f\x8b half")
    with pytest.raises(ValueError, match="E414.*b.jsonl.gz"):
        run_here(request(ruler, tmp_path / "*.jsonl*", tmp_path / "out"))
    assert not list((tmp_path / "out").glob("part-*"))


def test_a_field_that_would_be_overwritten_is_refused(ruler, tmp_path):
    (tmp_path / "a.jsonl").write_text('{"text": "a", "entities": []}')
    with pytest.raises(ValueError, match="E423.*a.jsonl"):
        run_here(request(ruler, tmp_path / "a.jsonl", tmp_path / "out"))
    run_here(request(ruler, tmp_path / "a.jsonl", tmp_path / "two", format="spacy"))


def test_the_record_of_another_version_is_refused(ruler, corpus, tmp_path):
    asked = request(ruler, corpus, tmp_path / "out")
    run_here(asked)
    (tmp_path / "out" / "_annotate" / "plan.json").write_text('{"files": []}')
    with pytest.raises(ValueError, match="E425"):
        run_here(asked)


def test_spacy_files_keep_docs_and_fields(ruler, corpus, tmp_path):
    run_here(request(ruler, corpus, tmp_path / "one", format="spacy"))
    run_here(request(ruler, tmp_path / "one", tmp_path / "two", format="spacy"))
    nlp = spacy.blank("xx")
    for name in ("one", "two"):
        docs = [
            doc
            for file in sorted((tmp_path / name).glob("*.spacy"))
            for doc in DocBin().from_disk(file).get_docs(nlp.vocab)
        ]
        assert [doc.user_data["fields"]["id"] for doc in docs] == list(range(12))
        assert [doc.text for doc in docs] == texts(12)
        assert [ent.text for ent in docs[1].ents] == ["FIFA", "Li Wei"]


def test_parquet_shards_have_one_schema(ruler, tmp_path):
    rows = [{"id": i, "text": f"FIFA {i}", "day": None} for i in range(12)]
    rows[11] |= {"day": date(2020, 1, 2), "id": 11}
    table = pyarrow.Table.from_pylist(rows[::-1])
    pyarrow.parquet.write_table(table, tmp_path / "in.parquet")
    out = tmp_path / "out"
    run_here(request(ruler, tmp_path / "in.parquet", out, format="parquet"))
    found = pyarrow.parquet.read_table(out)
    assert found.drop(["entities"]).to_pylist() == rows[::-1]
    assert found["entities"][3].as_py()[0]["label"] == "ORG"
    schemas = {str(pyarrow.parquet.read_schema(f)) for f in out.glob("part-*")}
    assert len(schemas) == 1


def test_json_lines_as_parquet_find_the_types_of_all_documents(ruler, tmp_path):
    rows = [{"text": "a", "x": None}, {"text": "b", "x": 1}, {"text": "c", "x": 0.5}]
    lines = "\n".join(json.dumps(row) for row in rows)
    (tmp_path / "in.jsonl").write_text(lines)
    options = {"format": "parquet", "shard_size": 1}
    run_here(request(ruler, tmp_path / "in.jsonl", tmp_path / "out", **options))
    found = pyarrow.parquet.read_table(tmp_path / "out")
    assert found["x"].to_pylist() == [None, 1.0, 0.5]
    (tmp_path / "in.jsonl").write_text(lines + '\n{"text": "d", "x": "one"}')
    with pytest.raises(ValueError, match="E422.*x"):
        run_here(request(ruler, tmp_path / "in.jsonl", tmp_path / "new", **options))


def test_long_documents_make_small_shards(ruler, corpus, tmp_path, monkeypatch):
    monkeypatch.setattr(plan_module, "MAX_CHARS", 70)
    run = run_here(request(ruler, corpus, tmp_path / "out"))
    assert run.plan.sizes == [4, 3, 3, 2]
    check_once(tmp_path / "out", 12)


def test_documents_that_fail_are_written_with_the_reason(faulty, tmp_path):
    corpus = write_jsonl(tmp_path / "in.jsonl", d3="It FAILS", d7="It FAILS too")
    with corpus.open("a") as file:
        file.write('{"id": 12, "text": null}\n')
    out, errors = tmp_path / "out", tmp_path / "errors.jsonl"
    asked = request(faulty, corpus, out, errors=str(errors))
    run = run_here(asked)
    assert run.totals.failed == 3
    failed = [json.loads(line) for line in errors.read_text().splitlines()]
    assert [one["input"]["id"] for one in failed] == [3, 7, 12]
    assert [one["number"] for one in failed] == [4, 8, 13]
    assert failed[0]["reason"] == "no such text, please"
    assert "no string" in failed[2]["reason"]
    ids = [record["id"] for record in records(out)]
    assert Counter(ids + [3, 7, 12]) == Counter(range(13))
    errors.unlink()
    run_here(asked)
    assert [json.loads(line) for line in errors.read_text().splitlines()] == failed


def test_without_errors_the_first_one_ends_the_run(faulty, tmp_path):
    corpus = write_jsonl(tmp_path / "in.jsonl", d7="It FAILS")
    out = tmp_path / "out"
    with pytest.raises(ValueError, match="E417.*Document 8 of .*no such text"):
        run_here(request(faulty, corpus, out))
    assert sorted(whole(out)) == ["part-00000.jsonl"]
    errors = str(tmp_path / "errors.jsonl")
    run_here(request(faulty, corpus, out, errors=errors))
    assert len(records(out)) == 11


def test_a_storage_of_fsspec_is_written(ruler, corpus):
    out = f"memory://annotated/{corpus.parent.name}"
    run_here(request(ruler, corpus, out))
    run = run_here(request(ruler, corpus, out))
    assert run.todo == [] and run.totals.docs == 12
    lines = Folder(out).read("part-00002.jsonl").splitlines()
    assert [json.loads(line)["id"] for line in lines] == [10, 11]


def tree(folder: Path) -> dict[str, bytes]:
    files = (file for file in folder.rglob("*") if file.is_file())
    return {str(file): file.read_bytes() for file in files}


@pytest.mark.parametrize(
    ("source", "errors", "reason"),
    [
        ("in/in.jsonl", "in/in.jsonl", "part of the input"),
        ("in/in.jsonl", "link.jsonl", "part of the input"),
        ("in", "in/failed.jsonl", "part of the input"),
        ("link", "in/failed.jsonl", "part of the input"),
        ("in/*.jsonl", "in/failed.jsonl", "part of the input"),
        ("in", "out/failed.jsonl", "in the output folder"),
        ("in", "folder", "it is a folder"),
        ("in", "in/in.jsonl/errors.jsonl", "part of the input"),
        ("in/*.jsonl", "file/errors.jsonl", "cannot be written to"),
    ],
)
def test_a_file_for_errors_that_cannot_be_is_refused_at_once(
    ruler, tmp_path, source, errors, reason
):
    for name in ("in", "folder"):
        (tmp_path / name).mkdir()
    (tmp_path / "file").touch()
    corpus = write_jsonl(tmp_path / "in" / "in.jsonl")
    (tmp_path / "link.jsonl").symlink_to(corpus)
    (tmp_path / "link").symlink_to(tmp_path / "in")
    before = tree(tmp_path)
    source, errors = str(tmp_path / source), str(tmp_path / errors)
    with pytest.raises(ValueError, match=rf"E436.*{reason}"):
        run_here(request(ruler, source, tmp_path / "out", errors=errors))
    (tmp_path / "out" / "_annotate" / "lock").unlink(missing_ok=True)
    assert tree(tmp_path) == before


@pytest.mark.parametrize("kind", [PurePosixPath, PureWindowsPath])
def test_a_file_for_errors_is_compared_with_a_pattern_on_windows_too(kind):
    pattern = kind("/texts/**/*.jsonl")
    assert matches(kind("/texts/a/b/c.jsonl"), pattern)
    assert not matches(kind("/texts/a/b/c.txt"), pattern)


def test_a_link_for_errors_stays_a_link(faulty, tmp_path):
    corpus = write_jsonl(tmp_path / "in.jsonl", d3="It FAILS")
    target, link = tmp_path / "target.jsonl", tmp_path / "link.jsonl"
    target.touch()
    link.symlink_to(target)
    run_here(request(faulty, corpus, tmp_path / "out", errors=str(link)))
    assert link.is_symlink() and len(target.read_text().splitlines()) == 1


def test_a_run_that_never_began_does_not_claim_the_folder(ruler, corpus, tmp_path):
    out = tmp_path / "out"
    with pytest.raises(ValueError, match="E411"):
        run_here(request(ruler, tmp_path / "nonesuch.jsonl", out))
    (out / "part-00000.jsonl").write_text("mine")
    with pytest.raises(ValueError, match="E410"):
        run_here(request(ruler, corpus, out))
    assert (out / "part-00000.jsonl").read_text() == "mine"


def test_a_server_that_is_away_is_no_documents_fault(ruler):
    nlp = spacy.load(ruler)

    @spacy.Language.component("away")
    def away(doc):
        if "AWAY" in doc.text:
            raise Unavailable("[E359] status 503")
        return doc

    nlp.add_pipe("away")
    annotator = DocAnnotator(nlp)
    rows = [Row(i, text, {}) for i, text in enumerate(["FIFA", "AWAY", "Li Wei"])]
    with pytest.raises(ConnectionError, match="E359"):
        annotator.annotate(rows)


@pytest.fixture(params=["_reader", "_write"])
def dying(request, ruler, corpus, tmp_path, monkeypatch):
    """A worker that dies when it reads, or when it writes; and what ends that."""
    asked = request_for(
        ruler, corpus, tmp_path / "out", errors=str(tmp_path / "e.jsonl")
    )
    with locked(asked.out):
        run = open_run(asked)
    worker = ShardWorker(run.job)

    def die(*_):
        raise Killed

    with monkeypatch.context() as patch:
        broken = SimpleNamespace(rows=die) if request.param == "_reader" else die
        patch.setattr(worker, request.param, broken)
        yield worker, patch.undo


def deaths(worker, number: int) -> None:
    for _ in range(number):
        with pytest.raises(Killed):
            worker.run(0)


def test_deaths_while_a_shard_is_read_or_written_blame_no_document(dying):
    worker, mend = dying
    deaths(worker, 5)
    mend()
    receipt = worker.run(0)
    assert receipt.docs == 5 and receipt.failed == []


def test_documents_that_are_computed_one_by_one_are_counted(dying):
    worker, mend = dying
    deaths(worker, 3)
    mend()
    counted = []
    worker.run(0, counted.append)
    assert sum(counted) == 5


def test_they_do_not_go_on_for_ever(dying):
    worker, _ = dying
    deaths(worker, 6)
    with pytest.raises(ValueError, match="E437.* 6 times .* documents 1 to 5"):
        worker.run(0)


@pytest.mark.parametrize("change", [lambda data: data.upper(), lambda data: data[:40]])
def test_input_that_changes_while_a_run_reads_it_ends_the_run(ruler, tmp_path, change):
    corpus = write_jsonl(tmp_path / "in.jsonl", 2000)  # more than is read ahead
    run = open_run(request(ruler, corpus, tmp_path / "out"))
    worker = ShardWorker(run.job)
    worker.run(0)
    data = corpus.read_bytes()
    with corpus.open("r+b") as file:  # the same file, not another in its place
        file.write(change(data))
        file.truncate()
    with pytest.raises(ValueError, match="E424"):
        for shard in run.todo[1:]:
            worker.run(shard)
    assert len(records(tmp_path / "out")) == 5


def test_workers_get_the_pipeline_by_its_full_path(
    ruler, corpus, tmp_path, monkeypatch
):
    monkeypatch.chdir(Path(ruler).parent)
    run = open_run(request(Path(ruler).name, corpus, tmp_path / "out"))
    monkeypatch.chdir(tmp_path)  # as a worker of a cluster has another folder
    ShardWorker(run.job).run(0)
