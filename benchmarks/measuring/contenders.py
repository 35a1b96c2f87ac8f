"""Our engine and those that it is compared with, ready to read documents."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from spacy.tokens import Doc

from spacy_padellm.benchmarks.generate import GenerateEngine
from spacy_padellm.benchmarks.official import OfficialPaDeLLM
from spacy_padellm.benchmarks.systems import EngineReader, OfficialFormat
from spacy_padellm.models.lora import AdaptedLM
from spacy_padellm.models.shim import causal_lm_shim
from spacy_padellm.pipeline.padellm_ner import PaDeLLMNER
from spacy_padellm.pipeline.reading import Reading

from .merged import merged_checkpoint
from .usage import AnswersCounted, GenerateCounted, Usage
from .vllm_engine import VLLMEngine, VLLMProcess

ALL_TEXTS = 10**9  # vLLM makes its batches by itself


class CountingReader(Protocol):
    """A `spacy_padellm.benchmarks.systems.Reader` that counts what it does."""

    saved: float

    def read(self, docs: Sequence[Doc], batch_tokens: int) -> list[Reading]: ...


@dataclass(slots=True)
class Contender:
    """What takes part in a comparison.

    used: what it has done so far. batch_tokens: padded tokens of texts in a batch where
        it has many documents; None where it reads one by one. lm: what it computes
        with, where others have adapters on the same base. vllm: its process, where it
        is vLLM.
    """

    title: str
    reader: CountingReader
    used: Callable[[], Usage]
    batch_tokens: int | None
    lm: AdaptedLM | None = None
    vllm: VLLMProcess | None = None

    def get_ready(self) -> None:
        """Be the one that computes: what adapters on one base cost when they take turns
        is no part of any measurement."""
        if self.lm is not None:
            self.lm.base.activate(self.lm.name)

    def read_alone(self, doc: Doc) -> Reading:
        return self.reader.read([doc], 1)[0]

    def read_all(self, docs: Sequence[Doc]) -> list[Reading]:
        if self.batch_tokens is None:
            return [self.read_alone(doc) for doc in docs]
        return self.reader.read(docs, self.batch_tokens)


@dataclass(frozen=True, slots=True)
class Options:
    """batch_tokens: padded tokens of texts in a batch, for those that make batches.
    vllm: the environment that scripts/install_vllm.sh made. vllm_eager: vLLM compiles
    nothing. dtype: that vLLM computes in. checkpoints: where models with merged
    adapters are kept, and vLLM's logs.
    """

    batch_tokens: int = 4096
    vllm: Path = Path("training/vllm")
    vllm_eager: bool = False
    dtype: str = "float32"
    checkpoints: Path = Path("training/merged")


def ours(title: str, ner: PaDeLLMNER, options: Options) -> Contender:
    """The component as it is."""
    shim = causal_lm_shim(ner.model)
    engine = AnswersCounted(shim.engine)
    reader = EngineReader(ner, engine)
    return Contender(
        title, reader, lambda: engine.total, options.batch_tokens, lm=shim.lm
    )


def official_algorithm(title: str, ner: PaDeLLMNER, options: Options) -> Contender:
    """The paper's inference, in the component's template; one by one, as it is. The
    adapter is merged, as the paper has none."""
    shim = causal_lm_shim(ner.model)
    lm = shim.lm.merged()
    algorithm = OfficialPaDeLLM(ner.format, lm, shim.tokenizer)
    reader = EngineReader(ner, shim.engine, OfficialFormat(algorithm))
    counted = GenerateCounted(reader, lm.base.body)
    return Contender(title, counted, lambda: counted.total, None)


def generate(title: str, ner: PaDeLLMNER, options: Options) -> Contender:
    """transformers' `generate`, every prompt from its first token; the adapter is
    merged, as nobody would serve it otherwise."""
    shim = causal_lm_shim(ner.model)
    lm = shim.lm.merged()
    reader = EngineReader(ner, GenerateEngine(lm, shim.tokenizer))
    counted = GenerateCounted(reader, lm.base.body)
    return Contender(title, counted, lambda: counted.total, options.batch_tokens)


def vllm(title: str, ner: PaDeLLMNER, options: Options) -> Contender:
    """The component's prompts, completed by vLLM, in which mentions may be anything.
    Loading takes a minute."""
    shim = causal_lm_shim(ner.model)
    name = ner.format.name.replace(" ", "-")
    checkpoint = merged_checkpoint(ner, options.checkpoints / name)
    process = VLLMProcess.start(
        options.vllm,
        checkpoint,
        options.checkpoints / f"{name}.log",
        ["--dtype", options.dtype, *["--eager"] * options.vllm_eager],
    )
    engine = AnswersCounted(VLLMEngine(process, shim.tokenizer))
    reader = EngineReader(ner, engine)
    return Contender(title, reader, lambda: engine.total, ALL_TEXTS, vllm=process)
