"""The systems that are compared: what each was trained to write, and what runs it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from spacy.tokens import Doc

from ..engines.base import Engine, Session
from ..engines.replicas import ReplicaEngine, replicate
from ..engines.simulated import OneSequenceADevice
from ..errors import Errors
from ..formats.base import Extraction, Format, PromptTokenizer, Query
from ..models.shim import causal_lm_shim
from ..pipeline.padellm_ner import PaDeLLMNER
from ..pipeline.reading import Reading, read_docs
from .generate import GenerateEngine
from .official import OfficialPaDeLLM

# what an adapter is trained to write: the component's format block. All read the text
# from left to right, as the paper's systems, `generate` and vLLM do
FORMATS: dict[str, dict[str, Any]] = {
    "padellm": {
        "@misc": "spacy_padellm.PaDeLLM.v1",
        "template": "compact",
        "prefix_lm": False,
    },
    "one_step": {"@misc": "spacy_padellm.OneStep.v1"},
    "struct": {"@misc": "spacy_padellm.AutoRegStruct.v1"},
    "aug": {"@misc": "spacy_padellm.AutoRegAug.v1"},
}


class Reader(Protocol):
    """Reads docs with one system.

    saved: seconds of all reading so far that a device for every sequence would have
        saved; 0 for all systems but the simulated one.
    """

    saved: float

    def read(self, docs: Sequence[Doc], batch_tokens: int) -> list[Reading]: ...


@dataclass(frozen=True, slots=True)
class System:
    """title: as the paper calls it. format: the key of its adapter in FORMATS.
    one_by_one: whether it reads one document at a time, whatever it is given."""

    title: str
    format: str
    reader: Callable[[PaDeLLMNER, Sequence[str]], Reader]
    one_by_one: bool = False


class EngineReader:
    """Reads as the component does, with any engine."""

    def __init__(
        self, ner: PaDeLLMNER, engine: Engine, format: Format | None = None
    ) -> None:
        self.ner = ner
        self.engine = engine
        self.format = format or ner.format
        self.tokenizer = causal_lm_shim(ner.model).tokenizer

    @property
    def saved(self) -> float:
        return getattr(self.engine, "saved", 0.0)

    def read(self, docs: Sequence[Doc], batch_tokens: int) -> list[Reading]:
        return read_docs(
            docs,
            self.ner.label_data,
            engine=self.engine,
            tokenizer=self.tokenizer,
            format=self.format,
            windows=self.ner.windows,
            alignment_mode=self.ner.alignment_mode,
            batch_tokens=batch_tokens,
        )


@dataclass(frozen=True, slots=True)
class OfficialFormat:
    """The official algorithm in a format's place; it needs no session."""

    official: OfficialPaDeLLM
    name: str = "official"

    def extract(
        self, queries: Sequence[Query], session: Session, tokenizer: PromptTokenizer
    ) -> list[Extraction]:
        return self.official.extract(queries)


def packed(ner: PaDeLLMNER, devices: Sequence[str]) -> Reader:
    """All sequences on one device: the component as it is."""
    return EngineReader(ner, causal_lm_shim(ner.model).engine)


def multi(ner: PaDeLLMNER, devices: Sequence[str]) -> Reader:
    """A device for every sequence: simulated, or replicas on several devices."""
    shim = causal_lm_shim(ner.model)
    if len(devices) > 1:
        return EngineReader(ner, ReplicaEngine(replicate(shim, devices)))
    return EngineReader(ner, OneSequenceADevice(shim.engine))


def by_generate(ner: PaDeLLMNER, devices: Sequence[str]) -> Reader:
    """transformers' `generate`, the adapter merged."""
    shim = causal_lm_shim(ner.model)
    return EngineReader(ner, GenerateEngine(shim.lm.merged(), shim.tokenizer))


def official(ner: PaDeLLMNER, devices: Sequence[str]) -> Reader:
    """The paper's own inference, the adapter merged, as the paper has none."""
    shim = causal_lm_shim(ner.model)
    algorithm = OfficialPaDeLLM(ner.format, shim.lm.merged(), shim.tokenizer)
    return EngineReader(ner, shim.engine, OfficialFormat(algorithm))


SYSTEMS: dict[str, System] = {
    "padellm_batch": System("PaDeLLM-Batch", "padellm", packed),
    "padellm_multi": System("PaDeLLM-Multi", "padellm", multi, one_by_one=True),
    "one_step": System("OneStep", "one_step", packed),
    "struct": System("AutoReg struct", "struct", packed),
    "aug": System("AutoReg aug", "aug", packed),
    "struct_generate": System("AutoReg struct, generate", "struct", by_generate),
    "aug_generate": System("AutoReg aug, generate", "aug", by_generate),
    "official": System("official algorithm", "padellm", official, one_by_one=True),
}


def get_systems(names: Sequence[str]) -> dict[str, System]:
    """The systems named; a ValueError says which there are."""
    unknown = [name for name in names if name not in SYSTEMS]
    if unknown:
        known = ", ".join(SYSTEMS)
        raise ValueError(Errors.E920.format(name=unknown[0], known=known))
    return {name: SYSTEMS[name] for name in names}
