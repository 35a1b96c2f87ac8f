"""The table of F: the formats and spaCy's ner, trained and scored on the same texts."""

import json

import pytest
import spacy
from typer.testing import CliRunner

from benchmarks.__main__ import app
from benchmarks.data.corpus import Sizes
from benchmarks.experiments import accuracy as module
from benchmarks.experiments.accuracy import (
    DEV_TEXTS,
    ROWS,
    AccuracySettings,
    AccuracyTable,
    calibrate,
)
from benchmarks.training.configs import TrainingSettings
from spacy_padellm.bases.weights import DEFAULT_BASE
from spacy_padellm.formats.padellm import PaDeLLM
from spacy_padellm.formats.pointer import Pointer

from ...pipeline.conftest import GOLD, examples, make_nlp, unsure  # noqa: F401


@pytest.fixture
def settings(data, tiny_base, tmp_path):
    def settings(**changes):
        return AccuracySettings(
            **{
                "data": data,
                "work": tmp_path / "work",
                "sets": ["shop"],
                "systems": ["padellm"],
                "sizes": Sizes(train=0, dev=1, test=2),
                "training": TrainingSettings(base=str(tiny_base)),
                **changes,
            }
        )

    return settings


@pytest.fixture
def few_steps(monkeypatch):
    real = module.spacy_ner_config

    def config(*args, **kwargs):
        made = real(*args, **kwargs)
        made["training"]["max_steps"] = made["training"]["eval_frequency"] = 5
        return made

    monkeypatch.setattr(module, "spacy_ner_config", config)


def test_all_systems_are_trained_and_scored(
    data, tiny_base, tmp_path, few_steps, monkeypatch
):
    arguments = ["accuracy", "--data", data, "--sets", "shop", "--base", tiny_base]
    arguments += ["--dev", 1, "--test", 3, "--batch", 2, "--dtype", "bfloat16"]
    arguments += ["--rate", 0.0003]
    arguments += ["--work", tmp_path / "work", "--output", tmp_path / "metrics"]
    result = CliRunner().invoke(app, list(map(str, arguments)))
    assert result.exit_code == 0, result.output
    written = json.loads((tmp_path / "metrics" / "accuracy.json").read_text())
    new = {name: row for name, row in ROWS.items() if not row.shipped}
    assert list(written["shop"]) == list(new), "no adapter ships for this base"
    for found in written["shop"].values():
        assert (found["train"], found["test"]) == (3, 3)
        assert all(0 <= found[kind]["f"] <= 1 for kind in ("strings", "spans"))
    thresholds = {name: found["threshold"] for name, found in written["shop"].items()}
    assert thresholds.pop("pointer_calibrated") in Pointer.calibration.values
    assert thresholds.pop("padellm_calibrated") in PaDeLLM.calibration.values
    assert set(thresholds.values()) == {None}
    table = (tmp_path / "metrics" / "accuracy.md").read_text(encoding="utf8")
    assert all(table.count(f"| {row.title} |") == 2 for row in new.values())
    assert "published" not in table, "the paper has no figures for such a set"
    saved = spacy.util.load_config(
        tmp_path / "work/shop/training/struct/model-last/config.cfg",
        interpolate=True,
    )
    component = saved["components"]["padellm_ner"]
    assert component["model"]["dtype"] == "bfloat16"
    assert component["format"]["prefix_lm"] is True
    assert saved["corpora"]["dev"]["limit"] == DEV_TEXTS
    training = saved["training"]
    assert (training["batcher"]["size"], training["max_steps"]) == (2, 2), "of 3 texts"
    rate = training["optimizer"]["learn_rate"]
    assert (rate["initial_rate"], rate["total_steps"]) == (0.0003, 2)

    # all is done
    monkeypatch.setattr("benchmarks.training.train.train", None)
    monkeypatch.setattr("benchmarks.training.train.spacy.load", None)
    again = CliRunner().invoke(app, list(map(str, arguments)))
    assert again.exit_code == 0, again.output
    assert json.loads((tmp_path / "metrics" / "accuracy.json").read_text()) == written


@pytest.mark.parametrize(
    ("base", "prefix_lm", "fits"),
    [
        (DEFAULT_BASE, True, True),
        ("gemma-3-270m", True, True),
        (DEFAULT_BASE, False, False),
        ("llama", True, False),
    ],
)
def test_the_shipped_adapter_is_compared_where_it_fits(base, prefix_lm, fits, settings):
    training = TrainingSettings(base=base)
    chosen = settings(systems=None, prefix_lm=prefix_lm, training=training).chosen()
    assert [name for name in ROWS if fits or not ROWS[name].shipped] == chosen


@pytest.mark.parametrize(
    ("base", "format", "lang", "name"),
    [
        (DEFAULT_BASE, "pointer", "en", "default"),
        (DEFAULT_BASE, "padellm", "en", "english-padellm"),
        (DEFAULT_BASE, "padellm", "zh", "chinese"),
        ("gemma-3-270m", "pointer", "en", "default"),
        ("gemma-3-270m", "pointer", "zh", "chinese"),
    ],
)
def test_training_goes_on_from_the_adapter_of_the_format_and_language(
    base, format, lang, name, settings, monkeypatch
):
    configs, training = [], TrainingSettings(base=base)

    def train_pipeline(config, folder, **kwargs):
        configs.append(config["components"]["padellm_ner"])
        raise KeyboardInterrupt

    monkeypatch.setattr(module, "train_pipeline", train_pipeline)
    for system in (f"{format}_shipped", format):
        with pytest.raises(KeyboardInterrupt):
            table = settings(systems=[system], lang=lang, training=training)
            AccuracyTable(table).run()
    shipped, new = configs
    assert (shipped["model"]["adapter"], new["model"]["adapter"]) == (name, None)
    assert shipped["format"] == new["format"]


@pytest.mark.parametrize(
    ("system", "layers"),
    [("pointer", 20), ("pointer_shipped", None), ("padellm", None), ("aug", None)],
)
def test_only_new_adapters_that_generate_nothing_leave_layers_out(
    system, layers, settings, monkeypatch
):
    configs = []

    def train_pipeline(config, folder, **kwargs):
        configs.append(config["components"]["padellm_ner"])
        raise KeyboardInterrupt

    monkeypatch.setattr(module, "train_pipeline", train_pipeline)
    training = TrainingSettings(layers=20)
    with pytest.raises(KeyboardInterrupt):
        AccuracyTable(settings(systems=[system], training=training)).run()
    assert configs[0]["model"]["layers"] == layers


def test_no_row_starts_from_an_adapter_of_another_language(settings):
    said = []
    table = AccuracyTable(settings(systems=["pointer_shipped"], lang="zh"), said.append)
    table.run()
    assert table.results == {"shop": {}}
    assert said == [
        "shop, Pointer, from the shipped adapter: left out, as none ships for 'zh'"
    ]


@pytest.mark.parametrize("prefix_lm", [True, False])
def test_formats_that_generate_read_the_text_alike(settings, prefix_lm, monkeypatch):
    trained = []

    def train_pipeline(config, folder, **kwargs):
        trained.append(config["components"]["padellm_ner"]["format"]["prefix_lm"])
        raise KeyboardInterrupt

    monkeypatch.setattr(module, "train_pipeline", train_pipeline)
    for system in ("padellm", "one_step", "struct", "aug"):
        with pytest.raises(KeyboardInterrupt):
            AccuracyTable(settings(systems=[system], prefix_lm=prefix_lm)).run()
    assert trained == [prefix_lm] * 4


def test_an_unknown_system_is_refused_before_anything_is_done(settings, tmp_path):
    with pytest.raises(ValueError, match=r"E611.*'official'.*spacy_ner"):
        AccuracyTable(settings(systems=["padellm", "official"])).run()
    assert not (tmp_path / "work").exists()


def test_calibrated_counts_are_those_that_are_best_on_the_gold_docs(
    unsure,  # noqa: F811
    tmp_path,
):
    unsure.to_disk(tmp_path)
    nlp = spacy.load(tmp_path)
    text, _ = GOLD[0]
    assert not nlp(text).ents
    gold = [example.reference for example in examples(nlp, GOLD[:1])]
    assert calibrate(nlp, gold) == 0.3
    assert nlp.get_pipe("padellm_ner").format.count_threshold == 0.3
    assert [ent.text for ent in nlp(text).ents] == ["Shaka Khan"]
