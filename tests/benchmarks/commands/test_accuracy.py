"""The table of F: the formats and spaCy's ner, trained and scored on the same texts."""

import json

import pytest
import spacy
from spacy.tokens import Doc, Span
from typer.testing import CliRunner

from benchmarks import accuracy as accuracy_module
from benchmarks.accuracy import (
    DEV_TEXTS,
    FROM_SHIPPED,
    ROWS,
    Accuracy,
    AccuracySettings,
    AccuracyTable,
    calibrate,
    page,
    score_spacy_ner,
)
from benchmarks.corpus import Sizes
from benchmarks.tables import f_table
from benchmarks.training import TrainingSettings
from spacy_padellm.bases.weights import DEFAULT_BASE
from spacy_padellm.cli.app import app

from ..pipeline.conftest import GOLD, examples, make_nlp, unsure  # noqa: F401


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
    real = accuracy_module.spacy_ner_config

    def config(*args, **kwargs):
        made = real(*args, **kwargs)
        made["training"]["max_steps"] = made["training"]["eval_frequency"] = 5
        return made

    monkeypatch.setattr(accuracy_module, "spacy_ner_config", config)


def test_all_systems_are_trained_and_scored(
    data, tiny_base, tmp_path, few_steps, monkeypatch
):
    arguments = ["accuracy", "--data", data, "--sets", "shop", "--base", tiny_base]
    arguments += ["--dev", 1, "--test", 3, "--batch", 2, "--dtype", "bfloat16"]
    arguments += ["--work", tmp_path / "work", "--output", tmp_path / "metrics"]
    result = CliRunner().invoke(app, list(map(str, arguments)))
    assert result.exit_code == 0, result.output
    written = json.loads((tmp_path / "metrics" / "accuracy.json").read_text())
    new = {name: row for name, row in ROWS.items() if row.trained != FROM_SHIPPED}
    assert list(written["shop"]) == list(new), "no adapter ships for this base"
    for found in written["shop"].values():
        assert (found["train"], found["test"]) == (3, 3)
        assert all(0 <= found[kind]["f"] <= 1 for kind in ("strings", "spans"))
    table = (tmp_path / "metrics" / "accuracy.md").read_text(encoding="utf8")
    assert all(table.count(f"| {row.title} |") == 2 for row in new.values())
    assert (tmp_path / "work" / "shop" / "padellm" / "calibrated.json").is_file()
    assert "published" not in table, "the paper has no figures for such a set"
    saved = spacy.util.load_config(
        tmp_path / "work" / "shop" / "struct" / "model-last" / "config.cfg"
    )
    component = saved["components"]["padellm_ner"]
    assert component["model"]["dtype"] == "bfloat16"
    assert component["format"]["prefix_lm"] is True
    assert saved["corpora"]["dev"]["limit"] == DEV_TEXTS
    training = saved["training"]
    assert (training["batcher"]["size"], training["max_steps"]) == (2, 2), "of 3 texts"

    # all is done
    monkeypatch.setattr("benchmarks.training.train", None)
    monkeypatch.setattr("benchmarks.accuracy.spacy.load", None)
    again = CliRunner().invoke(app, list(map(str, arguments)))
    assert again.exit_code == 0, again.output
    assert json.loads((tmp_path / "metrics" / "accuracy.json").read_text()) == written


@pytest.mark.parametrize(
    ("base", "prefix_lm", "fits"),
    [(DEFAULT_BASE, True, True), (DEFAULT_BASE, False, False), ("llama", True, False)],
)
def test_the_shipped_adapter_is_compared_where_it_fits(base, prefix_lm, fits, settings):
    training = TrainingSettings(base=base)
    chosen = settings(systems=None, prefix_lm=prefix_lm, training=training).chosen()
    assert (FROM_SHIPPED in chosen) == fits
    assert {ROWS[name].trained for name in set(ROWS) - set(chosen)} <= {FROM_SHIPPED}


@pytest.mark.parametrize(("lang", "name"), [("en", "default"), ("zh", "chinese")])
def test_training_goes_on_from_the_adapter_of_the_language(
    lang, name, settings, monkeypatch
):
    configs = []

    def train_system(config, folder, **kwargs):
        configs.append(config["components"]["padellm_ner"])
        raise KeyboardInterrupt

    monkeypatch.setattr(accuracy_module, "train_system", train_system)
    for system in (FROM_SHIPPED, "padellm"):
        with pytest.raises(KeyboardInterrupt):
            AccuracyTable(settings(systems=[system], lang=lang)).run()
    shipped, new = configs
    assert (shipped["model"]["adapter"], new["model"]["adapter"]) == (name, None)
    assert shipped["format"] == new["format"]


@pytest.mark.parametrize("prefix_lm", [True, False])
def test_formats_read_the_text_alike(settings, prefix_lm, monkeypatch):
    trained = []

    def train_system(config, folder, **kwargs):
        trained.append(config["components"]["padellm_ner"]["format"]["prefix_lm"])
        raise KeyboardInterrupt

    monkeypatch.setattr(accuracy_module, "train_system", train_system)
    for system in ("padellm", "one_step", "struct", "aug"):
        with pytest.raises(KeyboardInterrupt):
            AccuracyTable(settings(systems=[system], prefix_lm=prefix_lm)).run()
    assert trained == [prefix_lm] * 4


def test_an_unknown_system_is_refused_before_anything_is_done(settings, tmp_path):
    with pytest.raises(ValueError, match=r"E920.*'official'.*spacy_ner"):
        AccuracyTable(settings(systems=["padellm", "official"])).run()
    assert not (tmp_path / "work").exists()


def test_a_pipeline_is_scored_by_spans_and_by_strings(tmp_path):
    nlp = spacy.blank("en")
    ruler = nlp.add_pipe("entity_ruler")
    ruler.add_patterns([{"label": "PART", "pattern": "pin"}])
    nlp.to_disk(tmp_path / "rules")
    words = ["A", "pin", ",", "a", "pin", "and", "a", "bell"]
    gold = Doc(spacy.blank("en").vocab, words)
    gold.ents = [Span(gold, 1, 2, label="PART"), Span(gold, 7, 8, label="PART")]
    scores = score_spacy_ner(tmp_path / "rules", [gold])
    assert scores["spans"] == pytest.approx({"p": 1 / 2, "r": 1 / 2, "f": 1 / 2})
    # a string counts once, however often it is found
    assert scores["strings"] == pytest.approx({"p": 1, "r": 1 / 2, "f": 2 / 3})
    assert [ent.text for ent in gold.ents] == ["pin", "bell"], "gold stays as it is"


def test_calibrated_counts_are_those_that_are_best_on_the_gold_docs(
    unsure,  # noqa: F811
    tmp_path,
):
    unsure.to_disk(tmp_path)
    nlp = spacy.load(tmp_path)
    text, _ = GOLD[0]
    assert not nlp(text).ents
    calibrate(nlp, [example.reference for example in examples(nlp, GOLD[:1])])
    assert nlp.get_pipe("padellm_ner").format.count_threshold == 0.3
    assert [ent.text for ent in nlp(text).ents] == ["Shaka Khan"]


def accuracy(strings, spans):
    prf = {"p": 0.0, "r": 0.0}
    return Accuracy(1000, 200, {**prf, "f": strings}, {**prf, "f": spans}, {})


def test_a_page_has_the_published_figures_of_the_same_sets():
    results = {
        "conll03": {"padellm": accuracy(0.5, 0.25), "spacy_ner": accuracy(0.4, 0.3)},
        "genia": {"padellm": accuracy(0.6, 0.35)},
    }
    lines = page(results, {"conll03": "CoNLL03", "genia": "GENIA"}).splitlines()
    assert "| F of strings | CoNLL03 | GENIA | average |" in lines
    assert "| PaDeLLM | 50.0 | 60.0 | 55.00 |" in lines
    assert "| PaDeLLM, 7B, published | 92.5 | 77.7 | 85.09 |" in lines
    assert f"| {ROWS['spacy_ner'].title} | 40.0 |  |  |" in lines
    assert "| PaDeLLM | 25.0 | 35.0 | 30.00 |" in lines
    assert "- GENIA: 1,000 training texts, 200 test texts" in lines


def test_a_row_without_all_sets_has_no_average():
    table = f_table("F", {"a": "A", "b": "B"}, {"x": {"a": 1.0}, "y": {"b": 2, "a": 4}})
    assert table.splitlines()[2:] == ["| x | 1.0 |  |  |", "| y | 4.0 | 2.0 | 3.00 |"]
