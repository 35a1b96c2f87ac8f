"""`spacy train`: its config, its table, its folders, its seed."""

from pathlib import Path

import pytest
import spacy
from safetensors.numpy import load_file
from spacy.cli.init_config import fill_config
from spacy.cli.train import train
from spacy.tokens import DocBin

from .conftest import GOLD, examples, found

CONFIG = """
[paths]
gold = null

[nlp]
lang = "en"
pipeline = ["padellm_ner"]
batch_size = 8

[components]

[components.padellm_ner]
factory = "padellm_ner"

[components.padellm_ner.model]
@architectures = "spacy_padellm.CausalLM.v1"

[corpora]

[corpora.train]
@readers = "spacy.Corpus.v1"
path = ${paths.gold}

[corpora.dev]
@readers = "spacy.Corpus.v1"
path = ${paths.gold}

[training]
seed = 0
accumulate_gradient = 2
dropout = 0.05
max_steps = 60
eval_frequency = 20

[training.batcher]
@batchers = "spacy.batch_by_sequence.v1"
size = 4

[training.logger]
@loggers = "spacy.ConsoleLogger.v1"

[training.optimizer]
@optimizers = "Adam.v1"
use_averages = true

[training.optimizer.learn_rate]
@schedules = "warmup_linear.v1"
warmup_steps = 5
total_steps = 60
initial_rate = 0.01
"""


@pytest.fixture(scope="module")
def run(tiny_base, make_nlp, tmp_path_factory):
    """A function that trains on GOLD, with changes to the config; the output folder."""
    folder = tmp_path_factory.mktemp("train")
    docs = [example.reference for example in examples(make_nlp())]
    DocBin(docs=docs).to_disk(folder / "gold.spacy")
    (folder / "partial.cfg").write_text(CONFIG)
    fill_config(folder / "config.cfg", folder / "partial.cfg", silent=True)
    paths = {
        "paths.gold": str(folder / "gold.spacy"),
        "components.padellm_ner.model.base": str(tiny_base),
    }

    def run(name: str, **changes) -> Path:
        overrides = paths | {f"training.{key}": value for key, value in changes.items()}
        train(folder / "config.cfg", folder / name, overrides=overrides)
        return folder / name

    return run


@pytest.fixture(scope="module")
def output(run) -> Path:
    return run("output")


def weights(model: Path) -> dict:
    return load_file(model / "padellm_ner" / "adapter" / "adapter_model.safetensors")


def equal(some: dict, other: dict) -> bool:
    return all((some[name] == other[name]).all() for name in some | other)


def test_the_console_shows_losses_and_scores(run, capsys):
    run("shown", max_steps=2, eval_frequency=1)
    lines = capsys.readouterr().out.splitlines()
    [head] = [line for line in lines if line.startswith("E ")]
    assert head.split() == [
        "E",
        "#",
        "LOSS",
        "PADEL...",
        "ENTS_F",
        "ENTS_P",
        "ENTS_R",
        "SCORE",
    ]
    rows = [line.split() for line in lines[lines.index(head) + 2 :]]
    [first, second, third] = [row for row in rows if len(row) == 7]
    assert [row[:2] for row in (first, second, third)] == [
        ["0", "0"],
        ["1", "1"],
        ["2", "2"],
    ]
    assert float(third[2]) > 0


@pytest.mark.parametrize("which", ["model-best", "model-last"])
def test_both_models_load_and_find_what_was_taught(output, which):
    nlp = spacy.load(output / which)
    assert nlp.get_pipe("padellm_ner").labels == ("PERSON", "LOC")
    assert [found(nlp(text)) for text, _ in GOLD] == [entities for _, entities in GOLD]
    assert nlp.meta["performance"]["ents_f"] == 1.0


def test_the_models_hold_the_adapter_and_not_the_base(output, tiny_base):
    files = [file for file in (output / "model-best" / "padellm_ner").rglob("*.*")]
    assert sorted(file.name for file in files) == [
        "adapter_config.json",
        "adapter_model.safetensors",
        "padellm.json",
        "pointer_head.safetensors",
    ]
    adapter = weights(output / "model-best")
    assert all(".lora_" in name for name in adapter)
    size = sum(file.stat().st_size for file in files if "head" not in file.name)
    assert size < sum(tensor.nbytes for tensor in adapter.values()) + 20_000


def test_a_trained_model_may_be_evaluated_by_spacy(output, capsys):
    from spacy.cli.evaluate import evaluate

    scores = evaluate(output / "model-best", output.parent / "gold.spacy", silent=False)
    assert scores["ents_f"] == 1.0
    assert "NER F" in capsys.readouterr().out


def test_the_seed_decides(run):
    short = {"max_steps": 3, "dropout": 0.5}
    first, again, other = (
        weights(run(name, seed=seed, **short) / "model-last")
        for name, seed in (("first", 7), ("again", 7), ("other", 8))
    )
    assert equal(first, again)
    assert not equal(first, other)


def test_averages_are_what_is_saved(run):
    short = {"max_steps": 6}
    with_averages = run("averages", **short)
    without = run("raw", **short, **{"optimizer.use_averages": False})
    assert not equal(
        weights(with_averages / "model-best"), weights(without / "model-best")
    )


def test_training_goes_on_from_a_sourced_component(output, run, tmp_path):
    config = spacy.util.load_config(output.parent / "config.cfg")
    config["components"] = {"padellm_ner": {"source": str(output / "model-best")}}
    config.to_disk(tmp_path / "config.cfg")
    overrides = {
        "paths.gold": str(output.parent / "gold.spacy"),
        "training.max_steps": 1,
        "training.eval_frequency": 1,
        "training.optimizer.learn_rate.initial_rate": 0.0,
        "training.optimizer.use_averages": False,
    }
    train(tmp_path / "config.cfg", tmp_path, overrides=overrides)
    assert equal(weights(tmp_path / "model-last"), weights(output / "model-best"))
