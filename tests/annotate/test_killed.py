"""Killed with -9 five times, itself or a worker, `annotate` loses nothing."""

import os
import subprocess
import sys

import pytest

from ..conftest import REPOSITORY


@pytest.fixture(scope="module")
def pipeline(tiny_base, tmp_path_factory) -> str:
    """A pipeline on the tiny base, which makes something up for each text."""
    import spacy
    import torch

    from spacy_padellm.model.shim import causal_lm_shim

    nlp = spacy.blank("xx")
    config = {"model": {"base": str(tiny_base)}, "labels": ["PART", "FAULT"]}
    ner = nlp.add_pipe("padellm_ner", config=config)
    nlp.initialize()
    torch.manual_seed(0)
    with torch.no_grad():
        for parameter in causal_lm_shim(ner.model).lm.parameters().values():
            parameter.normal_(std=0.3)
    nlp.to_disk(tmp_path_factory.mktemp("killed") / "pipeline")
    return str(tmp_path_factory.getbasetemp() / "killed0" / "pipeline")


@pytest.mark.parametrize(
    "ray", [[], pytest.param(["--ray"], marks=pytest.mark.external)]
)
def test_sixty_documents_are_written_once(pipeline, tmp_path, ray):
    script = REPOSITORY / "scripts" / "kill_annotate.py"
    command = [sys.executable, str(script), pipeline, str(tmp_path / "killed")]
    command += ["--docs", "60", "--shard-size", "1", "--pause", "0.05"]
    done = subprocess.run(
        [*command, "--processes", "1", *ray],
        capture_output=True,
        text=True,
        cwd=REPOSITORY,
        env=os.environ | {"PYTHONPATH": str(REPOSITORY), "OMP_NUM_THREADS": "1"},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "60 documents, " in done.stdout and ", 0 entities" not in done.stdout
    assert done.stdout.count("killed the ") == 5
    assert "killed the worker" in done.stdout
