"""An adapter for each system, trained by spaCy on the same sentences."""

import hashlib
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from spacy.cli.init_config import init_config
from spacy.cli.train import train
from spacy.tokens import DocBin
from spacy.util import load_config
from thinc.api import Config

from ..models.adapters import WEIGHTS, adapter_folder
from ..models.weights import DEFAULT_BASE
from ..types import LabelNames
from .keeping import keep, kept

CONFIG = Path(__file__).with_name("train.cfg")


@dataclass(frozen=True, slots=True)
class TrainingSettings:
    """What all systems have in common.

    base: the base model, a name, folder or hub id.
    dtype: that training computes in.
    passes: times that every sentence is seen.
    batch: sentences of a step.
    """

    base: str = DEFAULT_BASE
    device: str = "auto"
    dtype: str = "auto"
    passes: int = 1
    seed: int = 0
    batch: int = 8


def training_config(
    format: dict[str, Any],
    labels: LabelNames,
    corpus: Path,
    settings: TrainingSettings,
    *,
    lang: str,
    adapter: str | None = None,
) -> Config:
    """The config of `spacy train` for one system.

    format: the component's format block, `{"@misc": "spacy_padellm.OneStep.v1"}` say.
    corpus: a folder with train.spacy and dev.spacy.
    adapter: that training goes on from; a new one unless given.
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
    config["nlp"]["lang"] = lang
    config["paths"] = {"train": str(train_file), "dev": str(corpus / "dev.spacy")}
    config["system"]["seed"] = settings.seed
    config["training"]["batcher"]["size"] = settings.batch
    config["training"]["max_steps"] = settings.passes * math.ceil(
        n_texts / settings.batch
    )
    return config


def spacy_ner_config(corpus: Path, *, lang: str, seed: int = 0) -> Config:
    """The config that `spacy init config --pipeline ner` gives: a CNN from scratch.

    corpus: a folder with train.spacy and dev.spacy.
    """
    config = init_config(lang=lang, pipeline=["ner"], optimize="efficiency", gpu=False)
    config["paths"]["train"] = str(corpus / "train.spacy")
    config["paths"]["dev"] = str(corpus / "dev.spacy")
    config["system"]["seed"] = seed
    config["training"]["logger"] = {"@loggers": "spacy.ConsoleLogger.v1"}
    return config


def train_system(config: Config, folder: Path, *, best: bool = False) -> Path:
    """Train, unless `folder` holds a pipeline that was trained with this very config,
    from this very adapter.

    Returns the folder of the pipeline at the end, or of the best one on the dev texts.
    """
    pipeline = folder / ("model-best" if best else "model-last")
    note = folder / "trained.json"
    asked = {"config": config.to_str(), "start": _start_digest(config)}
    if pipeline.is_dir() and kept(note, asked) is not None:
        return pipeline
    folder.mkdir(parents=True, exist_ok=True)
    # the note stands there only when the training has run to its end
    note.unlink(missing_ok=True)
    file = folder / "config.cfg"
    config.to_disk(file)
    train(file, folder)
    keep(note, asked, {})
    return pipeline


def _start_digest(config: Config) -> str | None:
    """Of the adapter that training starts with; None for a new one."""
    model = config["components"].get("padellm_ner", {}).get("model", {})
    if model.get("adapter") is None:
        return None
    weights = adapter_folder(model["adapter"]) / WEIGHTS
    return hashlib.sha256(weights.read_bytes()).hexdigest()
