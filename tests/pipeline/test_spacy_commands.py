"""spaCy's command line on configs with a padellm_ner."""

import copy
import json
import re

import pytest
import spacy
from spacy.cli._util import app
from spacy.cli.package import get_third_party_dependencies
from spacy.tokens import DocBin
from spacy.util import load_config
from typer.testing import CliRunner

from spacy_padellm.pipeline.factory import default_config

from .conftest import GOLD, examples, learn

PARTIAL = """
[nlp]
lang = "en"
pipeline = ["padellm_ner"]

[components]

[components.padellm_ner]
factory = "padellm_ner"
labels = {"PER": "person", "DISH": "food"}

[components.padellm_ner.format]
@misc = "spacy_padellm.PaDeLLM.v1"
template = "padellm.en"
"""


def spacy_command(*arguments) -> str:
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    assert result.exit_code == 0, result.output
    return result.output


@pytest.fixture
def partial(tmp_path):
    (tmp_path / "partial.cfg").write_text(PARTIAL)
    return tmp_path / "partial.cfg"


@pytest.fixture
def gold(tmp_path, make_nlp):
    docs = [example.reference for example in examples(make_nlp())]
    DocBin(docs=docs).to_disk(tmp_path / "gold.spacy")
    return tmp_path / "gold.spacy"


@pytest.fixture
def config(partial, gold, tiny_base, tmp_path):
    """A whole config on the tiny base, without labels of its own."""
    spacy_command("init", "fill-config", partial, tmp_path / "config.cfg")
    config = load_config(tmp_path / "config.cfg")
    config["paths"] |= {"train": str(gold), "dev": str(gold)}
    config["components"]["padellm_ner"]["labels"] = None
    config["components"]["padellm_ner"]["model"]["base"] = str(tiny_base)
    config.to_disk(tmp_path / "config.cfg")
    return tmp_path / "config.cfg"


def test_fill_config_adds_every_setting_with_its_default(partial, tmp_path):
    spacy_command("init", "fill-config", partial, tmp_path / "full.cfg")
    filled = load_config(tmp_path / "full.cfg")["components"]["padellm_ner"]
    assert filled.pop("factory") == "padellm_ner"
    expected = copy.deepcopy(default_config)
    expected["labels"] = {"PER": "person", "DISH": "food"}
    expected["format"] = {
        "@misc": "spacy_padellm.PaDeLLM.v1",
        "template": "padellm.en",
        "max_count": 64,
        "max_mention_tokens": 48,
        "only_in_text": True,
        "prefix_lm": None,
        "count_threshold": 0.5,
        "among_allowed": False,
    }
    assert filled == expected


def test_fill_config_leaves_a_full_config_alone(partial, tmp_path):
    for source, target in (("partial", "once"), ("once", "twice")):
        spacy_command(
            "init",
            "fill-config",
            tmp_path / f"{source}.cfg",
            tmp_path / f"{target}.cfg",
        )
    once, twice = (tmp_path / f"{name}.cfg" for name in ("once", "twice"))
    assert once.read_text() == twice.read_text()


def test_init_config_knows_the_component(tmp_path):
    spacy_command("init", "config", tmp_path / "new.cfg", "--pipeline", "padellm_ner")
    config = load_config(tmp_path / "new.cfg")
    assert config["nlp"]["pipeline"] == ["padellm_ner"]
    assert config["components"]["padellm_ner"]["format"]["threshold"] == 0.35
    assert config["training"]["score_weights"]["ents_f"] == 1.0


def test_debug_config_finds_nothing_to_complain_of(config):
    assert "Config is valid" in spacy_command("debug", "config", config)


def test_debug_config_names_a_wrong_setting(config):
    result = CliRunner().invoke(
        app,
        ["debug", "config", str(config), "--components.padellm_ner.model.lora_rnak=3"],
    )
    assert result.exit_code == 1
    assert "lora_rnak" in result.output


def test_debug_model_says_that_it_cannot(config):
    result = CliRunner().invoke(app, ["debug", "model", str(config), "padellm_ner"])
    assert result.exit_code == 1
    assert "E717" in str(result.exception) and "debug data" in str(result.exception)


def test_init_labels_writes_labels_with_their_names(config, tmp_path):
    spacy_command("init", "labels", config, tmp_path / "labels")
    labels = json.loads((tmp_path / "labels" / "padellm_ner.json").read_text())
    assert labels == {"PERSON": "person", "LOC": "location"}
    assert list(labels) == ["PERSON", "LOC"]


def test_a_config_reads_the_labels_that_init_labels_wrote(config, tmp_path):
    spacy_command("init", "labels", config, tmp_path / "labels")
    file = tmp_path / "labels" / "padellm_ner.json"
    file.write_text(json.dumps({"PERSON": "human being", "LOC": "place"}))
    full = load_config(config)
    full["initialize"]["components"]["padellm_ner"] = {
        "labels": {"@readers": "spacy.read_labels.v1", "path": str(file)}
    }
    full.to_disk(config)
    spacy_command("init", "labels", config, tmp_path / "again")
    again = json.loads((tmp_path / "again" / "padellm_ner.json").read_text())
    assert again == {"PERSON": "human being", "LOC": "place"}


def test_evaluate_and_apply_run_a_saved_pipeline(trained, gold, tmp_path):
    trained.to_disk(tmp_path / "model")
    spacy_command(
        "evaluate", tmp_path / "model", gold, "--output", tmp_path / "scores.json"
    )
    assert json.loads((tmp_path / "scores.json").read_text())["ents_f"] == 1.0
    spacy_command("apply", tmp_path / "model", gold, tmp_path / "out.spacy", "--force")
    docs = list(DocBin().from_disk(tmp_path / "out.spacy").get_docs(trained.vocab))
    assert sum(len(doc.ents) for doc in docs) == 6


def test_benchmark_speed_reads_every_batch(trained, gold, tmp_path):
    trained.to_disk(tmp_path / "model")
    speed = ("benchmark", "speed", tmp_path / "model", gold)
    output = spacy_command(*speed, "--batch-size", 2, "--batches", 30, "--warmup", 1)
    [mean] = re.findall(r"^Mean: (.+) words/s", output, re.MULTILINE)
    assert float(mean) > 0


def test_a_package_of_the_pipeline_would_require_this_one(make_nlp):
    [requirement] = get_third_party_dependencies(make_nlp().config)
    assert requirement.startswith("spacy-padellm")


def test_the_factory_says_what_it_assigns_and_how_it_is_scored():
    meta = spacy.blank("en").get_factory_meta("padellm_ner")
    assert "doc.ents" in meta.assigns and "doc.spans" in meta.assigns
    assert meta.default_score_weights["ents_f"] == 1.0
    assert "ents_per_type" in meta.scores


@pytest.mark.parametrize(
    ("setting", "labels"),
    [
        ("threshold", {"LOC", "PERSON"}),
        ("format.threshold", {"PERSON"}),
        ("format.thresholds.LOC", {"LOC"}),
    ],
)
def test_spacys_find_threshold_finds_all_thresholds(
    make_nlp, gold, tmp_path, setting, labels
):
    """At 1, nothing is found of the labels that the threshold is for."""
    pointer = {"@misc": "spacy_padellm.Pointer.v1", "thresholds": {"LOC": 0.3}}
    nlp = make_nlp(format={**pointer, "size": 16})
    learn(nlp, examples(nlp))
    nlp.get_pipe("padellm_ner").threshold = 0.2  # as saved, and not as configured
    nlp.to_disk(tmp_path / "pipeline")
    output = spacy_command(
        "find-threshold",
        *(tmp_path / "pipeline", gold, "padellm_ner", setting, "ents_f"),
        *("--n_trials", 3),
    )
    rows = dict(
        line.split() for line in output.splitlines() if line[:2] in ("0.", "1.")
    )
    mentions = [label for _, ents in GOLD for *_, label in ents]
    left = sum(label not in labels for label in mentions)
    assert rows["0.5"] == "1.0"
    assert float(rows["1.0"]) == round(2 * left / (left + len(mentions)), 3)
