"""A small corpus, a config of `spacy train` for it, and both ways to train with it."""

from pathlib import Path

import numpy as np
import pytest
import spacy
from safetensors.numpy import load_file
from spacy.cli.init_config import fill_config
from spacy.cli.train import train as spacy_train
from spacy.tokens import DocBin
from spacy.util import load_config

from spacy_padellm.training.__main__ import main
from spacy_padellm.training.prepare import prepare

from ..pipeline.conftest import GOLD, examples, make_nlp  # noqa: F401

# Six steps (spaCy takes one more than max_steps) of two docs: an epoch and a half.
CONFIG = """
[paths]
train = null
dev = null
labels = "none"

[nlp]
lang = "en"
pipeline = ["padellm_ner"]

[components]

[components.padellm_ner]
factory = "padellm_ner"

[components.padellm_ner.model]
@architectures = "spacy_padellm.CausalLM.v1"
lora_rank = 4

[components.padellm_ner.windows]
@misc = "spacy_padellm.SentenceWindows.v1"
max_tokens = 9

[corpora]

[corpora.train]
@readers = "spacy.Corpus.v1"
path = ${paths.train}

[corpora.dev]
@readers = "spacy.Corpus.v1"
path = ${paths.dev}

[training]
seed = 7
accumulate_gradient = 1
dropout = 0.1
patience = 0
max_steps = 5
eval_frequency = 2

[training.batcher]
@batchers = "spacy.batch_by_sequence.v1"
size = 2

[training.logger]
@loggers = "spacy.ConsoleLogger.v1"

[training.optimizer]
@optimizers = "Adam.v1"
use_averages = true

[training.optimizer.learn_rate]
@schedules = "warmup_linear.v1"
warmup_steps = 2
total_steps = 20
initial_rate = 0.01

[initialize]

[initialize.components]

[initialize.components.padellm_ner]

[initialize.components.padellm_ner.labels]
@readers = "spacy.read_labels.v1"
path = ${paths.labels}
"""
NER = "components.padellm_ner"


@pytest.fixture(scope="session")
def blank():
    return spacy.blank("en")


@pytest.fixture(scope="session")
def write_corpus(blank):
    """A function that writes gold texts, as those in GOLD, to a .spacy file."""

    def write(file: Path, gold) -> str:
        docs = [example.reference for example in examples(blank, gold)]
        DocBin(docs=docs, store_user_data=True).to_disk(file)
        return str(file)

    return write


@pytest.fixture(scope="session")
def config_file(tmp_path_factory, write_corpus, tiny_base) -> Path:
    """A config, filled in, with GOLD as both corpora; of the tiny base."""
    folder = tmp_path_factory.mktemp("config")
    gold = write_corpus(folder / "gold.spacy", GOLD)
    config = CONFIG.replace(
        "train = null\ndev = null", f"train = {gold!r}\ndev = {gold!r}"
    )
    config = config.replace("lora_rank = 4", f'lora_rank = 4\nbase = "{tiny_base}"')
    (folder / "partial.cfg").write_text(config.replace("'", '"'))
    fill_config(folder / "config.cfg", folder / "partial.cfg", silent=True)
    return folder / "config.cfg"


@pytest.fixture(scope="session")
def read_config(config_file):
    """A function that reads the config with overrides, as `{"training.seed": 1}`."""

    def read(overrides=None):
        return load_config(config_file, overrides=overrides or {}, interpolate=False)

    return read


@pytest.fixture(scope="session")
def by_spacy(config_file, tmp_path_factory):
    """A function that trains with `spacy train`; the pipeline's folder."""

    def train(overrides=None) -> Path:
        folder = tmp_path_factory.mktemp("by_spacy")
        spacy_train(config_file, folder, overrides=overrides or {})
        return folder / "model-last"

    return train


@pytest.fixture(scope="session")
def spacy_adapter(by_spacy) -> Path:
    """The adapter that `spacy train` makes with the config as it is."""
    return by_spacy() / "padellm_ner" / "adapter"


@pytest.fixture(scope="session")
def prepared_folder(read_config, tmp_path_factory):
    """A function that prepares with overrides of the config; the folder."""

    def write(overrides=None, **options) -> Path:
        folder = tmp_path_factory.mktemp("prepared")
        prepared, _ = prepare(read_config(overrides), **options)
        prepared.write(folder)
        return folder

    return write


@pytest.fixture(scope="session")
def prepared(prepared_folder) -> Path:
    """The folder prepared from the config as it is."""
    return prepared_folder()


def train(folder: Path, output: Path, *options: str) -> int:
    """`python -m spacy_padellm.training`, in this process; its exit code."""
    return main([str(folder), "--output", str(output), "--device", "cpu", *options])


def weights(adapter: Path) -> dict:
    return load_file(adapter / "adapter_model.safetensors")


def distance(found, expected) -> float:
    """Of the tensors that differ most, relative to the expected one's length."""
    here, there = weights(found), weights(expected)
    assert all(np.abs(tensor).max() > 1e-4 for tensor in there.values()), "it learned"
    norm = np.linalg.norm
    return max(norm(here[name] - there[name]) / norm(there[name]) for name in there)


def same(some: dict, other: dict) -> bool:
    """Equal to the last bit."""
    return some.keys() == other.keys() and all(
        some[name].tobytes() == other[name].tobytes() for name in some
    )
