"""Corpora of short texts, and pipelines that need no model: a ruler, and a faulty
one."""

import json
import os
import shutil
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from importlib import import_module
from pathlib import Path

import pytest
import spacy

from spacy_padellm.annotate.job import Request, Run, locked, open_run
from spacy_padellm.annotate.record import Receipt
from spacy_padellm.annotate.rows import Layout
from spacy_padellm.annotate.settings import PipelineSettings
from spacy_padellm.annotate.worker import ShardWorker

RULES = [{"label": "ORG", "pattern": "FIFA"}, {"label": "PER", "pattern": "Li Wei"}]

FAULTY = """
import os
import signal
import time
from pathlib import Path

from spacy.language import Language
from spacy.util import load_model_from_init_py


@Language.factory("faulty", default_config={"marks": ""})
def make_faulty(nlp, name, marks):
    def faulty(doc):
        mark = Path(marks, doc.text.replace(" ", "-"))
        if "FAILS" in doc.text:
            raise ValueError("no such text, please")
        if "KEEPS" in doc.text:
            doc.user_data["thing"] = object()
        while doc.text.startswith("WAITS") and Path(doc.text[6:]).exists():
            time.sleep(0.01)
        if "DEADLY" in doc.text:
            os.kill(os.getpid(), signal.SIGKILL)
        if "ONCE" in doc.text and not mark.exists():
            mark.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return doc

    return faulty


def load(**overrides):
    return load_model_from_init_py(__file__, **overrides)
"""


@pytest.fixture(scope="session")
def ruler(tmp_path_factory) -> str:
    """The folder of a pipeline with an entity ruler."""
    folder = tmp_path_factory.mktemp("ruler")
    nlp = spacy.blank("xx")
    nlp.add_pipe("entity_ruler").add_patterns(RULES)
    nlp.to_disk(folder)
    return str(folder)


@pytest.fixture(scope="session")
def faulty(tmp_path_factory) -> Iterator[str]:
    """A package with a pipeline that fails on FAILS, ends its process on DEADLY, and
    on ONCE the first time that it reads the text. On WAITS it waits until the file that
    follows is gone, and on KEEPS it puts an object into the doc."""
    site = tmp_path_factory.mktemp("site")
    package, info = site / "xx_faulty", site / "xx_faulty-0.1.dist-info"
    package.mkdir()
    info.mkdir()
    (package / "__init__.py").write_text(FAULTY)
    (info / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: xx_faulty\nVersion: 0.1\n"
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(site))
        patch.setenv("PYTHONPATH", os.pathsep.join([str(site), *sys.path]))  # for Ray
        import_module("xx_faulty")
        nlp = spacy.blank("xx", meta={"name": "faulty", "version": "0.1"})
        nlp.add_pipe("entity_ruler").add_patterns(RULES)
        nlp.add_pipe("faulty", config={"marks": str(site)})
        nlp.to_disk(package / "xx_faulty-0.1")
        shutil.copy(package / "xx_faulty-0.1" / "meta.json", package)
        yield "xx_faulty"


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


def run_with(asked: Request, receipts: Callable[[Run], Iterable[Receipt]]) -> Run:
    """What the command does. receipts: do the shards, and give a receipt of each."""
    with locked(asked.out):
        run = open_run(asked)
        for receipt in receipts(run):
            run.totals.add(receipt)
        run.close()
    return run


def run_here(asked: Request) -> Run:
    """In this process."""
    return run_with(asked, shards_here)


def shards_here(run: Run) -> Iterator[Receipt]:
    if run.todo:
        yield from map(ShardWorker(run.job).run, run.todo)


def records(out) -> list[dict]:
    """All documents of an output folder of JSON lines."""
    files = sorted(Path(out).glob("part-*.jsonl"))
    return [json.loads(line) for file in files for line in file.open(encoding="utf8")]


def check_once(out, n: int) -> None:
    """All of n documents are there once, in order."""
    ids = [record["id"] for record in records(out)]
    assert not [one for one, times in Counter(ids).items() if times > 1]
    assert ids == list(range(n))
