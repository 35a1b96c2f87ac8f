"""Training configs: the same for every format, and spaCy's own for `ner`."""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from spacy.cli.init_config import init_config
from spacy.tokens import DocBin
from spacy.util import load_config
from thinc.api import Config

from spacy_padellm.bases.weights import DEFAULT_BASE
from spacy_padellm.types import LabelNames

from .formats import generates

CONFIG = Path(__file__).with_name("train.cfg")


@dataclass(frozen=True, slots=True)
class TrainingSettings:
    """What all systems have in common.

    base: the name, folder or hub id of the base model.
    dtype: the numbers that training computes in.
    passes: how often each sentence is seen.
    batch: sentences per step.
    rate: the highest learning rate.
    layers: the base's first layers that new adapters in the format Pointer are trained
        on; None is all. The other formats generate, for which a base needs all.
    """

    base: str = DEFAULT_BASE
    device: str = "auto"
    dtype: str = "auto"
    passes: int = 1
    seed: int = 0
    batch: int = 8
    rate: float = 0.001
    layers: int | None = None


def padellm_config(
    format: dict[str, Any],
    labels: LabelNames,
    corpus: Path,
    settings: TrainingSettings,
    *,
    lang: str,
    adapter: str | None = None,
) -> Config:
    """The config of `spacy train` for an adapter in one format.

    format: the component's format block, such as one of `FORMATS`.
    corpus: a folder with train.spacy and dev.spacy.
    adapter: the adapter to start from; by default a new one.
    """
    config = load_config(CONFIG, interpolate=False)
    train_file = corpus / "train.spacy"
    n_texts = len(DocBin().from_disk(train_file))
    component = config["components"]["padellm_ner"]
    component["format"] = format
    component["labels"] = labels
    component["model"]["base"] = settings.base
    component["model"]["adapter"] = adapter
    component["model"]["device"] = settings.device
    component["model"]["dtype"] = settings.dtype
    if adapter is None and not generates(format):
        component["model"]["layers"] = settings.layers
    config["nlp"]["lang"] = lang
    config["paths"] = {"train": str(train_file), "dev": str(corpus / "dev.spacy")}
    config["system"]["seed"] = settings.seed
    config["training"]["batcher"]["size"] = settings.batch
    steps = settings.passes * math.ceil(n_texts / settings.batch)
    rate = config["training"]["optimizer"]["learn_rate"]
    rate |= {"initial_rate": settings.rate, "total_steps": steps}
    return config


def spacy_ner_config(corpus: Path, *, lang: str, seed: int = 0) -> Config:
    """The config of `spacy init config --pipeline ner`, a CNN from scratch.

    corpus: a folder with train.spacy and dev.spacy.
    """
    config = init_config(lang=lang, pipeline=["ner"], optimize="efficiency", gpu=False)
    config["paths"]["train"] = str(corpus / "train.spacy")
    config["paths"]["dev"] = str(corpus / "dev.spacy")
    config["system"]["seed"] = seed
    config["training"]["logger"] = {"@loggers": "spacy.ConsoleLogger.v1"}
    return config
