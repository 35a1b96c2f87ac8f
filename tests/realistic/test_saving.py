"""Saved pipelines with the shipped adapter: killed on the way, merged, sent about."""

import random
import subprocess
import sys
import time
import traceback

import pytest
import spacy

from spacy_padellm.pipeline import saving

from ..pipeline.test_spans_key import again
from .conftest import found

pytestmark = pytest.mark.slow

TEXT = "Angela Merkel flew from Berlin to New York."
EXPECTED = [("Angela Merkel", "PER"), ("Berlin", "LOC"), ("New York", "LOC")]
SAVE = """
import sys
import spacy
one, other, folder = sys.argv[1:]
pipelines = [spacy.load(one), spacy.load(other)]
print("loaded", flush=True)
while True:
    for nlp in pipelines:
        nlp.to_disk(folder)
"""


@pytest.fixture(scope="module")
def pipelines(english, tmp_path_factory):
    """The folders of two saved pipelines, with other labels and other adapters."""
    folder = tmp_path_factory.mktemp("pipelines")
    english().to_disk(folder / "Pointer")
    english("english-padellm", "PaDeLLM").to_disk(folder / "PaDeLLM")
    return folder


def test_a_save_that_is_killed_leaves_a_whole_pipeline_or_an_error(pipelines, tmp_path):
    """Both are saved in turn to one folder, until SIGKILL."""
    choose, outcomes = random.Random(0), []
    for attempt in range(8):
        folder = tmp_path / str(attempt)
        command = [sys.executable, "-c", SAVE, pipelines / "Pointer"]
        command += [pipelines / "PaDeLLM", folder]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as killed:
            assert killed.stdout.readline()
            time.sleep(0.2 + choose.random())
            killed.kill()
        try:
            assert found(spacy.load(folder)(TEXT)) == EXPECTED
            outcomes.append("whole")
        except (ValueError, OSError) as error:
            # spaCy writes its own files in place, and its errors name no path
            frames = traceback.extract_tb(error.__traceback__)
            is_ours = any(frame.filename == saving.__file__ for frame in frames)
            assert str(folder) in str(error) or not is_ours
            outcomes.append("refused")
    assert "whole" in outcomes


@pytest.mark.parametrize("way", ["bytes", "copy", "json", "docbin"])
def test_docs_with_merged_entities_go_anywhere(english, way):
    nlp = english(spans_key=None)
    nlp.add_pipe("merge_entities")
    doc = nlp(TEXT)
    assert len(doc) == 7
    assert found(again(doc, way)) == found(doc) == EXPECTED


def test_merged_docs_come_back_from_processes(english):
    nlp = english(spans_key=None)
    nlp.add_pipe("merge_entities")
    for doc in nlp.pipe([TEXT] * 4, n_process=2, batch_size=2):
        assert found(doc) == EXPECTED


def test_a_pipeline_without_an_adapter_takes_the_place_of_one_with(english, tmp_path):
    english().to_disk(tmp_path)
    adapter = tmp_path / "padellm_ner" / "adapter"
    assert adapter.is_dir()
    nlp = spacy.blank("en")
    nlp.add_pipe("padellm_ner", config={"model": {"adapter": None}})
    nlp.to_disk(tmp_path)
    assert not adapter.exists()
    assert found(spacy.load(tmp_path)(TEXT)) != EXPECTED
