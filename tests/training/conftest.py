"""A small corpus, and a config of `spacy train` for it."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import spacy
from safetensors.numpy import load_file
from spacy.cli.init_config import fill_config
from spacy.cli.train import train as spacy_train
from spacy.tokens import DocBin

from ..pipeline.conftest import GOLD, examples, make_nlp  # noqa: F401

# Seven steps (spaCy takes one more than max_steps) of two docs: nearly two epochs.
CONFIG = """
[nlp]
lang = "en"
pipeline = ["padellm_ner"]

[components]

[components.padellm_ner]
factory = "padellm_ner"

[components.padellm_ner.model]
@architectures = "spacy_padellm.CausalLM.v1"
base = "BASE"

[components.padellm_ner.model.lora]
r = 4

[components.padellm_ner.windows]
@misc = "spacy_padellm.SentenceWindows.v1"
max_tokens = 9

[components.padellm_ner.format]
@misc = "spacy_padellm.PaDeLLM.v1"
max_count = 3
max_mention_tokens = 4

[corpora]

[corpora.train]
@readers = "spacy.Corpus.v1"
path = "GOLD"

[corpora.dev]
@readers = "spacy.Corpus.v1"
path = "GOLD"

[training]
seed = 7
accumulate_gradient = 2
dropout = 0.1
patience = 0
max_steps = 6
eval_frequency = 2

[training.before_update]
@callbacks = "spacy_padellm.Checkpoints.v1"
path = "CHECKPOINT"
every = 3
resume = false

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
"""
RESUME = {"training.before_update.resume": True}


class Training:
    """`spacy train` with the config, into a folder of its own."""

    def __init__(self, folder: Path, config: str) -> None:
        self.folder = folder
        self.checkpoints = folder / "checkpoint"
        self.output = folder / "output"
        self.config = folder / "config.cfg"
        partial = folder / "partial.cfg"
        partial.write_text(config.replace("CHECKPOINT", str(self.checkpoints)))
        fill_config(self.config, partial, silent=True)

    def run(self, overrides: dict | None = None) -> None:
        """In this process."""
        spacy_train(self.config, self.output, overrides=overrides or {})

    def start(self, *options: str, code: str = "") -> subprocess.Popen:
        """In a process of its own, after some lines of Python."""
        arguments = ["spacy", "train", str(self.config), "-o", str(self.output)]
        code += "\nimport sys; from spacy.cli._util import setup_cli"
        code += f"\nsys.argv = {[*arguments, *options]!r}; setup_cli()"
        return subprocess.Popen(
            [sys.executable, "-c", code],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
        )

    def weights(self, which: str = "model-last") -> dict[str, np.ndarray]:
        adapter = self.output / which / "padellm_ner" / "adapter"
        return load_file(adapter / "adapter_model.safetensors")


@pytest.fixture(scope="session")
def training(tmp_path_factory, tiny_base):
    """A function that makes a `Training` on GOLD, with changes of the config's text."""
    folder = tmp_path_factory.mktemp("gold")
    docs = [example.reference for example in examples(spacy.blank("en"), GOLD)]
    DocBin(docs=docs).to_disk(folder / "gold.spacy")
    config = CONFIG.replace("BASE", str(tiny_base))
    config = config.replace("GOLD", str(folder / "gold.spacy"))

    def make(**changes: str) -> Training:
        text = config
        for old, new in changes.items():
            assert f"\n{old} = " in text
            before, _, after = text.partition(f"\n{old} = ")
            text = f"{before}\n{old} = {new}\n" + after.partition("\n")[2]
        return Training(tmp_path_factory.mktemp("training"), text)

    return make


def same(some: dict, other: dict) -> bool:
    """Equal to the last bit."""
    return some.keys() == other.keys() and all(
        some[name].tobytes() == other[name].tobytes() for name in some
    )
