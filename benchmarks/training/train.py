"""Pipelines that `spacy train` trains once, and that are loaded afterwards."""

import hashlib
from pathlib import Path
from typing import Any

import spacy
from spacy.cli.train import train
from spacy.language import Language
from thinc.api import Config

from spacy_padellm.adapters.files import WEIGHTS
from spacy_padellm.adapters.shipped import adapter_folder
from spacy_padellm.bases.weights import DEFAULT_BASE
from spacy_padellm.pipeline.padellm_ner import PaDeLLMNER

from ..results_cache import cached


def train_pipeline(config: Config, folder: Path, *, best: bool = False) -> Path:
    """Train a pipeline in `folder`, unless it is there already.

    A pipeline is trained again if its config has changed, or the weights of the adapter
    that it starts from.

    best: return the best pipeline on the dev texts, and not the last one.
    """
    pipeline = folder / ("model-best" if best else "model-last")
    result = folder / "trained.json"
    if not pipeline.is_dir():
        result.unlink(missing_ok=True)

    def run() -> dict[str, Any]:
        folder.mkdir(parents=True, exist_ok=True)
        file = folder / "config.cfg"
        config.to_disk(file)
        train(file, folder)
        return {}

    cached(result, {"config": config.to_str(), "start": _start_digest(config)}, run)
    return pipeline


def trained_at(pipeline: Path) -> float:
    """A number that changes if the pipeline is trained again."""
    return (pipeline / "config.cfg").stat().st_mtime


def load_pipeline(pipeline: Path, **model: Any) -> Language:
    """Load a pipeline with other settings of the component's model, such as device."""
    config = {f"components.padellm_ner.model.{key}": model[key] for key in model}
    return spacy.load(pipeline, config=config)


def load_component(pipeline: Path, **model: Any) -> PaDeLLMNER:
    return load_pipeline(pipeline, **model).get_pipe("padellm_ner")


def _start_digest(config: Config) -> str | None:
    """The digest of the adapter that training starts from; None for a new adapter."""
    model = config["components"].get("padellm_ner", {}).get("model", {})
    folder = adapter_folder(model.get("adapter"), model.get("base", DEFAULT_BASE))
    if folder is None:
        return None
    weights = folder / WEIGHTS
    return hashlib.sha256(weights.read_bytes()).hexdigest()
