"""`spacy package`: a wheel with adapters, which runs where the base lies elsewhere."""

import json
import os
import shutil
import subprocess
import sys
import zipfile

import pytest
from spacy.cli.package import package

from .conftest import GOLD

LOAD = """
import json, sys
import spacy
model, base, text = sys.argv[1:]
nlp = spacy.load(model, config={"components.padellm_ner.model.base": base})
doc = nlp(text)
print(json.dumps([[ent.start_char, ent.end_char, ent.label_] for ent in doc.ents]))
print(json.dumps(nlp.get_pipe("padellm_ner").adapters))
"""


@pytest.fixture(scope="module")
def wheel(trained, tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    trained.to_disk(folder / "once")
    ner = trained.get_pipe("padellm_ner")
    ner.add_adapter("again", folder / "once" / "padellm_ner" / "adapter")
    try:
        trained.to_disk(folder / "pipeline")
    finally:
        ner.remove_adapter("again")
    package(
        folder / "pipeline",
        folder,
        name="tickets",
        version="1.2.3",
        create_sdist=False,
        create_wheel=False,
    )
    pip("wheel", "--no-build-isolation", "-w", folder, folder / "en_tickets-1.2.3")
    return next(folder.glob("*.whl"))


def pip(command, *arguments):
    run = [sys.executable, "-m", "pip", command, "--no-deps", "--quiet", *arguments]
    subprocess.run(list(map(str, run)), check=True)


def test_it_holds_the_adapters_and_no_base(wheel):
    with zipfile.ZipFile(wheel) as archive:
        weights = [name for name in archive.namelist() if name.endswith("safetensors")]
    assert sorted(name.partition("/padellm_ner/")[2] for name in weights) == [
        "adapter/adapter_model.safetensors",
        "adapters/again/adapter_model.safetensors",
    ]


def test_it_runs_where_the_base_lies_elsewhere(wheel, tiny_base, tmp_path):
    pip("install", "--target", tmp_path / "site", wheel)
    shutil.copytree(tiny_base, tmp_path / "base")
    text, entities = GOLD[3]
    ran = subprocess.run(
        [sys.executable, "-c", LOAD, "en_tickets", str(tmp_path / "base"), text],
        env={**os.environ, "PYTHONPATH": str(tmp_path / "site")},
        cwd=tmp_path,
        check=True,
        capture_output=True,
        text=True,
    )
    found, adapters = map(json.loads, ran.stdout.splitlines())
    assert found == [list(entity) for entity in entities]
    assert adapters == ["again"]
