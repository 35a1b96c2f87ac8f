"""Every config that comes with the package loads, and says what it sets."""

import re

import pytest
import spacy
import torch
from spacy.cli._util import parse_config_overrides
from spacy.tokens import DocBin
from spacy.training.initialize import init_nlp
from spacy.util import (
    load_config,
    load_model_from_config,
    registry,
    resolve_dot_names,
)
from thinc.api import Config

from spacy_padellm.pipeline.factory import default_config

from .conftest import REPOSITORY, GoldText

CONFIGS = sorted((REPOSITORY / "configs").glob("*.cfg"))
OWN = [file for file in CONFIGS if file.stem != "spacy_llm"]
NER = "components.padellm_ner"
HERE = {} if torch.cuda.is_available() else {f"{NER}.model.device": "cpu"}

every_own_config = pytest.mark.parametrize("file", OWN, ids=lambda file: file.stem)


def read(file, **overrides) -> Config:
    """The config as spaCy's commands read it, on a device that is there."""
    config = load_config(file, interpolate=False)
    wants_gpu = config["components"]["padellm_ner"]["model"].get("device") == "cuda"
    overrides |= HERE if wants_gpu else {}
    return load_config(file, overrides=overrides, interpolate=False)


def on(base, file) -> dict[str, object]:
    """What to override, so that the config trains a new adapter on the tiny base."""
    model = load_config(file)["components"]["padellm_ner"]["model"]
    fitting = {"base": str(base), "adapter": None, "layers": 1}
    return {
        f"{NER}.model.{name}": value
        for name, value in fitting.items()
        if name == "base" or name in model
    }


def settings(block: dict, path: str = "") -> dict[str, object]:
    """The settings of a block and of the blocks in it, by dotted name."""
    found = {}
    for name, value in block.items():
        at = f"{path}.{name}" if path else name
        is_block = isinstance(value, dict) and at != "labels"
        found |= settings(value, at) if is_block else {at: value}
    return found


@every_own_config
def test_a_config_loads(file):
    nlp = load_model_from_config(read(file), auto_fill=True)
    assert nlp.pipe_names == ["padellm_ner"]
    assert nlp.config["components"]["padellm_ner"].keys() == {
        "factory",
        *default_config,
    }
    assert nlp(" \n").has_annotation("ENT_IOB"), "no base is needed for nothing"


@every_own_config
def test_what_a_config_sets_is_what_the_pipeline_has(file):
    config = read(file)
    nlp = load_model_from_config(config, auto_fill=True)
    has = settings(nlp.config["components"]["padellm_ner"])
    for setting, value in settings(config["components"]["padellm_ner"]).items():
        assert has[setting] == value


@every_own_config
def test_a_config_says_how_it_is_used(file):
    comment = file.read_text(encoding="utf8").partition("[paths]")[0]
    assert all(line.startswith("#") or not line for line in comment.splitlines())
    assert f"configs/{file.name}" in comment
    for other in CONFIGS:
        assert other == file or f"configs/{other.name}" not in comment


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    """A gold doc for each language: its path."""
    folder = tmp_path_factory.mktemp("corpus")
    golds = {
        "en": GoldText("Ann left Oslo for Acme.", {"PER": [(0, 3)], "LOC": [(9, 13)]}),
        "zh": GoldText("王小明在北京。", {"PER": [(0, 3)], "LOC": [(4, 6)]}),
    }
    for lang, gold in golds.items():
        doc = spacy.blank(lang).make_doc(gold.text)
        spans = [
            doc.char_span(*place, label=label)
            for label, places in gold.spans.items()
            for place in places
        ]
        assert None not in spans
        doc.set_ents(spans, default="outside")
        DocBin(docs=[doc]).to_disk(folder / f"{lang}.spacy")
    return folder


@every_own_config
def test_a_config_trains(file, corpus, tiny_base):
    """On the tiny base, for a step: what the training block names is there."""
    lang = load_config(file)["nlp"]["lang"]
    overrides = on(tiny_base, file) | {
        "paths.train": str(corpus / f"{lang}.spacy"),
        "paths.dev": str(corpus / f"{lang}.spacy"),
    }
    nlp = init_nlp(read(file, **overrides))
    config = nlp.config.interpolate()
    assert config["training"]["max_steps"] or config["training"]["max_epochs"]

    training = registry.resolve(config["training"])
    [train] = resolve_dot_names(config, [training["train_corpus"]])
    [batch] = training["batcher"](train(nlp))
    losses = nlp.update(batch, sgd=training["optimizer"], drop=training["dropout"])
    assert losses["padellm_ner"] > 0
    assert nlp.evaluate(list(train(nlp)))["ents_f"] is not None


@every_own_config
def test_a_labels_file_names_the_labels(file, corpus, tiny_base, tmp_path):
    """Or the config has labels, and no setting for a file that it would not read."""
    config = load_config(file)
    if "labels" not in config["paths"]:
        assert "labels" in config["components"]["padellm_ner"]
        return
    (tmp_path / "labels.json").write_text('{"PER": "human", "LOC": "town"}')
    overrides = {
        "paths.train": str(corpus / "en.spacy"),
        "paths.dev": str(corpus / "en.spacy"),
        "paths.labels": str(tmp_path / "labels.json"),
        **on(tiny_base, file),
    }
    nlp = init_nlp(read(file, **overrides))
    names = nlp.get_pipe("padellm_ner").label_data
    assert names == {"PER": "human", "LOC": "town"}


def test_the_docs_project_without_a_labels_file_has_none():
    """On the command line, a word such as none would be the name of a file."""
    text = (REPOSITORY / "docs" / "training.md").read_text(encoding="utf8")
    [value] = re.findall(r"--vars\.labels (\S+)", text)
    [ner] = [file for file in OWN if file.stem == "ner"]
    overrides = parse_config_overrides(["--paths.labels", value])
    config = load_config(ner, overrides=overrides, interpolate=True)
    block = config["initialize"]["components"]["padellm_ner"]
    assert registry.resolve(block) == {"labels": None}


@every_own_config
def test_both_corpora_take_a_limit(file):
    paths = {"paths.train": "train.spacy", "paths.dev": "dev.spacy"}
    limits = {"corpora.train.limit": 3, "corpora.dev.limit": 2}
    nlp = load_model_from_config(read(file, **paths, **limits), auto_fill=True)
    corpora = registry.resolve(nlp.config.interpolate()["corpora"])
    assert {name: corpus.limit for name, corpus in corpora.items()} == {
        "train": 3,
        "dev": 2,
    }


@every_own_config
def test_a_trained_pipeline_can_go_on(file):
    """spaCy makes the optimizer from the config as it is saved, with its variables."""
    nlp = load_model_from_config(read(file), auto_fill=True)
    optimizer = nlp.create_optimizer()
    optimizer.step_schedules()
    assert 0 < optimizer.learn_rate < 0.01


@every_own_config
def test_the_rate_falls_until_the_last_step(file):
    config = load_config(file, interpolate=True)
    rate = config["training"]["optimizer"]["learn_rate"]
    if config["training"]["max_steps"] == 0:
        assert config["training"]["max_epochs"] > 0 and rate["total_steps"] > 0
        return
    assert config["training"]["max_steps"] == rate["total_steps"]
    steps = "training.optimizer.learn_rate.total_steps"
    longer = load_config(file, overrides={steps: 7_000}, interpolate=True)
    assert longer["training"]["max_steps"] == 7_000


def test_the_config_for_spacy_llm_loads():
    pytest.importorskip("spacy_llm")
    [file] = [file for file in CONFIGS if file.stem == "spacy_llm"]
    nlp = load_model_from_config(load_config(file, interpolate=False), auto_fill=True)
    assert len(nlp.pipe_names) == 1
