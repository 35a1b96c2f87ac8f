"""`prepare` computes what `spacy train` would, without the base model."""

import json
import shutil

import numpy as np
import pytest
import spacy
from spacy.tokens import DocBin
from spacy.training.initialize import init_nlp
from spacy.training.loop import train as train_nlp
from spacy.util import load_config

from spacy_padellm.models import shared_base, weights
from spacy_padellm.models.shim import CausalLMShim
from spacy_padellm.pipeline.padellm_ner import PaDeLLMNER
from spacy_padellm.training.gold_file import NODES, PAIRS
from spacy_padellm.training.prepare import prepare

from ..conftest import REPOSITORY
from ..pipeline.conftest import GOLD
from .conftest import NER

CONFIGS = (REPOSITORY / "configs").glob("*.cfg")
OWN = [file for file in CONFIGS if "padellm_ner]" in file.read_text(encoding="utf8")]
TOKENIZER = ("config.json", "tokenizer.json", "tokenizer_config.json")


@pytest.fixture
def seen(monkeypatch):
    """What `spacy train` learns from: of each step trees, learn rate and dropout."""
    steps, trees, dropout = [], [], []
    learn = CausalLMShim.__call__
    update, finish_update = PaDeLLMNER.update, PaDeLLMNER.finish_update

    def noted_learn(shim, batch, is_train):
        trees.extend(batch)
        return learn(shim, batch, is_train)

    def noted_update(self, examples, *, drop, **options):
        dropout.append(drop)
        return update(self, examples, drop=drop, **options)

    def noted_finish(self, sgd):
        steps.append(([*trees], sgd.learn_rate, dropout[-1]))
        trees.clear()
        return finish_update(self, sgd)

    monkeypatch.setattr(CausalLMShim, "__call__", noted_learn)
    monkeypatch.setattr(PaDeLLMNER, "update", noted_update)
    monkeypatch.setattr(PaDeLLMNER, "finish_update", noted_finish)
    return steps


def equal(one, other) -> bool:
    return all(
        np.array_equal(getattr(one, name), getattr(other, name))
        for name in NODES + PAIRS
    )


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"training.max_steps": 0, "training.max_epochs": 3},
        {"training.max_steps": 3, "training.max_epochs": 9, "training.seed": 2},
        {"training.accumulate_gradient": 2, "training.batcher.size": 3},
        {
            "training.batcher": {
                "@batchers": "spacy.batch_by_words.v1",
                "size": {"@schedules": "compounding.v1", "start": 4}
                | {"stop": 30, "compound": 1.5},
                "tolerance": 0.2,
                "discard_oversize": False,
                "get_length": None,
            },
            "training.optimizer.learn_rate": {"@schedules": "decaying.v1"}
            | {"base_rate": 0.2, "decay": 0.1},
        },
    ],
    ids=str,
)
def test_steps_have_spacy_s_trees_and_rates_in_spacy_s_order(
    read_config, seen, changes
):
    config = read_config()
    for name, value in changes.items():
        section, _, setting = name.rpartition(".")
        block = config
        for part in section.split("."):
            block = block[part]
        block[setting] = value
    prepared, _ = prepare(config)
    assert not seen
    train_nlp(init_nlp(config))
    assert len(seen) == len(prepared.steps)
    for number, (trees, learn_rate, dropout) in enumerate(seen):
        step = prepared.steps[number]
        found = [prepared.train.trees[tree] for tree in step.trees]
        assert len(found) == len(trees) > 0
        assert all(equal(one, other) for one, other in zip(found, trees, strict=True))
        assert (step.rates.learn_rate, step.rates.dropout) == (learn_rate, dropout)


LABELS = {"PERSON": "human", "LOC": "place"}


@pytest.mark.parametrize(
    ("given", "file"),
    [
        (None, None),
        (["LOC", "PERSON", "ORG"], None),
        (LABELS, None),
        (None, {**LABELS, "ORG": "firm"}),
        (["LOC", "PERSON", "ORG"], LABELS),
    ],
    ids=str,
)
def test_labels_are_those_of_initialize(read_config, tmp_path, given, file):
    path = tmp_path / "labels.json"
    if file:
        path.write_text(json.dumps(file))
    config = read_config({f"{NER}.labels": given, "paths.labels": str(path)})
    nlp = init_nlp(config)
    prepared, _ = prepare(config)
    assert prepared.settings.labels == nlp.get_pipe("padellm_ner").label_data
    assert list(prepared.settings.labels) == list(nlp.pipe_labels["padellm_ner"])


def test_no_base_is_needed_but_its_tokenizer(
    read_config, tiny_base, tmp_path, monkeypatch
):
    def fail(*args, **options):
        raise AssertionError("a base was loaded")

    for name in TOKENIZER:
        shutil.copy(tiny_base / name, tmp_path / name)
    monkeypatch.setattr(shared_base, "load_base", fail)
    monkeypatch.setattr(weights, "load_base", fail)
    whole, _ = prepare(read_config())
    alone, _ = prepare(read_config({f"{NER}.model.base": str(tmp_path)}))
    assert whole.settings.base_fingerprint and not alone.settings.base_fingerprint
    assert alone.settings.tokenizer_digest == whole.settings.tokenizer_digest
    assert all(map(equal, alone.train.trees, whole.train.trees))


def test_a_base_without_a_tokenizer_is_named(read_config, tmp_path):
    with pytest.raises(ValueError, match=f"E878.*{tmp_path}"):
        prepare(read_config({f"{NER}.model.base": str(tmp_path)}))


def test_a_device_that_is_not_here_is_asked_for_where_it_is(read_config):
    prepared, _ = prepare(read_config({f"{NER}.model.device": "cuda:7"}))
    assert len(prepared.steps) == 6


def test_docs_that_no_step_reads_are_not_written(read_config):
    prepared, _ = prepare(read_config({"training.max_steps": 1}))
    assert len(prepared.train) == len(set(prepared.steps.trees.tolist())) == 4
    assert len(set(prepared.train.docs.tolist())) == 4


def test_dev_texts_are_windows_with_their_entities(read_config):
    prepared, _ = prepare(read_config())
    assert len(prepared.dev_texts) == len(prepared.dev) == len(GOLD)
    for row, (text, entities) in zip(prepared.dev_texts, GOLD, strict=True):
        assert row.text == text and list(row.entities) == entities
        assert row.labels == prepared.settings.labels
        assert {start for start, _, _ in entities} <= set(row.starts)
        assert {end for _, end, _ in entities} <= set(row.ends)


def test_windows_of_a_long_doc_have_their_own_characters(
    read_config, write_corpus, tmp_path
):
    long = " ".join(text for text, _ in GOLD)
    entities, start = [], 0
    for text, ents in GOLD:
        entities += [(start + s, start + e, label) for s, e, label in ents]
        start += len(text) + 1
    path = write_corpus(tmp_path / "long.spacy", [(long, entities)])
    prepared, _ = prepare(read_config({"paths.dev": path}))
    found = [(row.text, list(row.entities)) for row in prepared.dev_texts]
    assert found == GOLD
    assert {row.doc for row in prepared.dev_texts} == {0}


@pytest.mark.parametrize("file", OWN, ids=lambda file: file.stem)
def test_every_config_of_the_project_can_be_prepared(file, tiny_base, tmp_path):
    config = load_config(file)
    block = config["components"]["padellm_ner"]
    [label, *_] = block.get("labels") or ["LOC"]
    doc = spacy.blank(config["nlp"]["lang"]).make_doc("北京 Oslo")
    doc.set_ents([doc.char_span(3, 7, label, alignment_mode="expand")])
    DocBin(docs=[doc]).to_disk(tmp_path / "gold.spacy")
    overrides = {
        "paths.train": str(tmp_path / "gold.spacy"),
        "paths.dev": str(tmp_path / "gold.spacy"),
        f"{NER}.model.base": str(tiny_base),
    }
    if "adapter" in block["model"]:
        overrides[f"{NER}.model.adapter"] = None
    prepared, _ = prepare(load_config(file, overrides, interpolate=False))
    training = config["training"]
    epochs = training.get("max_epochs", 0)
    assert len(prepared.steps) == (epochs or training["max_steps"] + 1)
    assert len(prepared.train) == len(prepared.dev) == 1


def test_an_optimizer_that_is_not_adam_is_refused(read_config):
    config = read_config()
    config["training"]["optimizer"] = {"@optimizers": "SGD.v1", "learn_rate": 0.1}
    with pytest.raises(ValueError, match="E874"):
        prepare(config)


@pytest.mark.parametrize(("steps", "epochs"), [(0, 0), (9, -1)])
def test_steps_without_an_end_are_refused(read_config, steps, epochs):
    changes = {"training.max_steps": steps, "training.max_epochs": epochs}
    with pytest.raises(ValueError, match=f"E873.*max_epochs is {epochs}"):
        prepare(read_config(changes))


@pytest.mark.parametrize("frozen", [[], ["padellm_ner", "second"]])
def test_one_component_is_trained(read_config, frozen):
    config = read_config()
    config["components"]["second"] = dict(config["components"]["padellm_ner"])
    config["components"]["second"]["spans_key"] = "second"
    config["nlp"]["pipeline"] = ["padellm_ner", "second"]
    config["training"]["frozen_components"] = frozen
    said = "none" if frozen else "padellm_ner, second"
    with pytest.raises(ValueError, match=f"E875.*has: {said}"):
        prepare(config)
    config["training"]["frozen_components"] = ["second"]
    assert len(prepare(config)[0].steps) == 6


def test_an_empty_corpus_is_refused(read_config, tmp_path):
    DocBin().to_disk(tmp_path / "empty.spacy")
    for split in ("train", "dev"):
        changes = {f"paths.{split}": str(tmp_path / "empty.spacy")}
        with pytest.raises(ValueError, match=f"E872.*The {split} split.*0 docs"):
            prepare(read_config(changes))
