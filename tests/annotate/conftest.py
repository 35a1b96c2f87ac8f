"""Corpora of short texts, and pipelines that need no model: a ruler, and a faulty
one."""

import json
from collections import Counter
from importlib import import_module
from pathlib import Path

import pytest
import spacy

from spacy_padellm.annotate.job import Request, Run, locked, open_run
from spacy_padellm.annotate.rows import Layout
from spacy_padellm.annotate.settings import PipelineSettings
from spacy_padellm.annotate.worker import ShardWorker

RULES = [{"label": "ORG", "pattern": "FIFA"}, {"label": "PER", "pattern": "Li Wei"}]

FAULTY = """
import os
import signal
from pathlib import Path

from spacy.language import Language


@Language.factory("faulty", default_config={"marks": ""})
def make_faulty(nlp, name, marks):
    def faulty(doc):
        mark = Path(marks, doc.text.replace(" ", "-"))
        if "FAILS" in doc.text:
            raise ValueError("no such text, please")
        if "DEADLY" in doc.text:
            os.kill(os.getpid(), signal.SIGKILL)
        if "ONCE" in doc.text and not mark.exists():
            mark.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return doc

    return faulty
"""


@pytest.fixture(scope="session")
def ruler(tmp_path_factory) -> str:
    """The folder of a pipeline with an entity ruler."""
    folder = tmp_path_factory.mktemp("ruler")
    nlp = spacy.blank("xx")
    nlp.add_pipe("entity_ruler").add_patterns(RULES)
    nlp.to_disk(folder)
    return str(folder)


@pytest.fixture
def faulty(tmp_path, monkeypatch) -> str:
    """The folder of a pipeline that fails on FAILS, ends its process on DEADLY, and on
    ONCE the first time. Other processes find its code by an entry point."""
    site = tmp_path / "site"
    info = site / "faulty-0.1.dist-info"
    info.mkdir(parents=True)
    (site / "faulty.py").write_text(FAULTY)
    (info / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: faulty\nVersion: 0.1\n"
    )
    (info / "entry_points.txt").write_text(
        "[spacy_factories]\nfaulty = faulty:make_faulty\n"
    )
    monkeypatch.syspath_prepend(str(site))
    import_module("faulty")  # spaCy has read the entry points of this process already
    nlp = spacy.blank("xx")
    nlp.add_pipe("entity_ruler").add_patterns(RULES)
    nlp.add_pipe("faulty", config={"marks": str(tmp_path)})
    nlp.to_disk(tmp_path / "faulty")
    return str(tmp_path / "faulty")


def texts(n: int) -> list[str]:
    return [
        f"FIFA let Li Wei win {i} times." if i % 3 else f"Text {i}" for i in range(n)
    ]


def write_jsonl(file: Path, n: int = 12, **changed: str) -> Path:
    """Write n documents with an id. changed: texts by "d" and the id."""
    lines = [
        json.dumps({"id": i, "text": changed.get(f"d{i}", text), "more": [i, None]})
        for i, text in enumerate(texts(n))
    ]
    file.write_text("\n".join(lines) + "\n", encoding="utf8")
    return file


def request(pipeline: str, source, out, **options) -> Request:
    settings = PipelineSettings(pipeline, **options.pop("settings", {}))
    layout = Layout(options.pop("column", "text"), options.pop("lines", False))
    options = {"shard_size": 5} | options
    return Request(str(source), str(out), settings, layout, **options)


def run_here(asked: Request) -> Run:
    """What the command does, in this process."""
    with locked(asked.out):
        run = open_run(asked)
        if run.todo:
            worker = ShardWorker(run.job)
            for shard in run.todo:
                run.totals.add(worker.run(shard))
        run.close()
    return run


def records(out) -> list[dict]:
    """All documents of an output folder of JSON lines."""
    files = sorted(Path(out).glob("part-*.jsonl"))
    return [json.loads(line) for file in files for line in file.open(encoding="utf8")]


def check_once(out, n: int) -> None:
    """All of n documents are there once, in order."""
    ids = [record["id"] for record in records(out)]
    assert not [one for one, times in Counter(ids).items() if times > 1]
    assert ids == list(range(n))
