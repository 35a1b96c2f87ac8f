"""spaCy and spacy-llm can read configs/spacy_llm.cfg."""

import inspect

import pytest
import spacy
from spacy.util import load_config
from spacy_llm.util import assemble

from spacy_padellm.adapters.files import read_adapter
from spacy_padellm.adapters.shipped import adapter_folder
from spacy_padellm.bases.weights import DEFAULT_BASE
from spacy_padellm.llm.model import build_parallel_decoder_v1
from spacy_padellm.llm.task import build_ner_v1

from ..conftest import REPOSITORY

CONFIG = REPOSITORY / "configs" / "spacy_llm.cfg"


@pytest.mark.parametrize(
    ("block", "build"), [("task", build_ner_v1), ("model", build_parallel_decoder_v1)]
)
def test_it_shows_the_defaults(block, build):
    shown = load_config(CONFIG)["components"]["llm"][block]
    for name, parameter in inspect.signature(build).parameters.items():
        if name in shown and name not in ("labels", "format", "normalizer"):
            assert shown[name] == parameter.default, name


def test_its_labels_are_those_of_the_shipped_adapter():
    labels = load_config(CONFIG)["components"]["llm"]["task"]["labels"]
    assert labels == list(
        read_adapter(adapter_folder("default", DEFAULT_BASE)).card.labels
    )


def test_it_is_assembled_saved_and_loaded_without_its_base(tmp_path):
    override = {"components.llm.model.base": str(tmp_path / "nowhere")}
    nlp = assemble(CONFIG, overrides=override)
    nlp.to_disk(tmp_path / "saved")
    loaded = spacy.load(tmp_path / "saved")
    assert loaded.pipe_labels == {"llm": ["PER", "ORG", "LOC", "MISC"]}
    assert loaded.config["components"] == nlp.config["components"]


def test_it_finds_entities(smollm):
    doc = assemble(CONFIG)("Maria Jensen left the Copenhagen office of Novo Nordisk.")
    assert {(ent.text, ent.label_) for ent in doc.ents} == {
        ("Maria Jensen", "PER"),
        ("Copenhagen", "LOC"),
        ("Novo Nordisk", "ORG"),
    }
