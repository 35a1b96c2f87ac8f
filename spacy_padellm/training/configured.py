"""A config's pipeline, initialized as spaCy would, but without the base model."""

import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any

from spacy.language import Language
from spacy.schemas import ConfigSchemaTraining
from spacy.training import Example
from spacy.util import (
    get_sourced_components,
    load_model_from_config,
    registry,
    resolve_dot_names,
)
from thinc.api import Config

from ..errors import Errors
from ..models.adapters import Adapter
from ..models.shim import CausalLMShim, causal_lm_shim
from ..pipeline.padellm_ner import PaDeLLMNER

FACTORY = "padellm_ner"


@dataclass(frozen=True, slots=True)
class Configured:
    """name: of the component to train. adapter: to start from; None for a new one."""

    nlp: Language
    name: str
    seed: int
    adapter: Adapter | None

    @property
    def ner(self) -> PaDeLLMNER:
        return self.nlp.get_pipe(self.name)

    @property
    def shim(self) -> CausalLMShim:
        return causal_lm_shim(self.ner.model)

    @property
    def block(self) -> dict[str, Any]:
        """The component's block of the config, filled in."""
        return self.nlp.config.interpolate()["components"][self.name]


@dataclass(frozen=True, slots=True)
class Training:
    """The resolved training block, and the corpora that it names."""

    block: dict[str, Any]
    train: Callable[[Language], Iterable[Example]]
    dev: Callable[[Language], Iterable[Example]]

    @classmethod
    def of(cls, nlp: Language) -> "Training":
        config = nlp.config.interpolate()
        block = registry.resolve(config["training"], schema=ConfigSchemaTraining)
        names = [block["train_corpus"], block["dev_corpus"]]
        return cls(block, *resolve_dot_names(config, names))


def configure(config: Config) -> Configured:
    """Build and initialize what a config describes.

    config: as `load_config(..., interpolate=False)` gives it.

    ValueError: not one component to train (E875), no training docs (E872), no adapter
        to go on with (E706); or spaCy's, for a faulty config.
    """
    nlp = load_model_from_config(_on_cpu(config), auto_fill=True)
    training = Training.of(nlp)
    name = _component(nlp, training.block["frozen_components"])
    is_sourced = name in get_sourced_components(config)
    ner = nlp.get_pipe(name)
    shim = causal_lm_shim(ner.model)
    if not is_sourced:
        examples = list(training.train(nlp))
        if not examples:
            message = Errors.E872.format(split="train", n_docs=0, labels="any label")
            raise ValueError(message)
        # the base stays where the GPU is, and a new adapter is started there
        start_anew = partial(shim.use_adapter, None, "")
        goes_on = shim.settings.adapter is not None
        shim.initialize = (lambda: None) if goes_on else start_anew
        with nlp.select_pipes(enable=[name]):
            nlp.initialize(lambda: examples, sgd=training.block["optimizer"])
    adapter = None
    if is_sourced or shim.settings.adapter is not None:
        adapter = shim.adapter(ner.format.name, ner.label_data)
        if adapter is None:
            raise ValueError(Errors.E706)
    seed = training.block["seed"]
    return Configured(
        nlp, name, random.randrange(2**32) if seed is None else seed, adapter
    )


def _on_cpu(config: Config) -> Config:
    """The GPU that the config asks for need not be here."""
    config = config.copy()
    for block in config.get("components", {}).values():
        if block.get("factory") == FACTORY and "model" in block:
            block["model"]["device"] = "cpu"
    return config


def _component(nlp: Language, frozen: Iterable[str]) -> str:
    names = [
        name
        for name in nlp.pipe_names
        if nlp.get_pipe_meta(name).factory == FACTORY and name not in frozen
    ]
    if len(names) != 1:
        found = ", ".join(names) or "none"
        raise ValueError(Errors.E875.format(found=found))
    return names[0]
