"""The systems by name: the format of each, and how it is loaded."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from spacy_padellm.engines.vllm.source import build_vllm_v1
from spacy_padellm.model.shim import causal_lm_shim
from spacy_padellm.pipeline.padellm_ner import PaDeLLMNER

from ..errors import Errors, check_names
from .generate import GenerateEngine
from .loaded import LoadedSystem
from .official import OfficialPaDeLLM
from .replicas import ReplicaEngine, replicate
from .simulated import OneDevicePerSequence
from .vllm.checkpoint import merged_checkpoint
from .vllm.engine import MeasuredVLLM
from .vllm.server import MODEL, VLLMServer

ALL_TEXTS = 10**9  # tokens; vLLM forms its batches itself
REQUESTS = 64  # to vLLM at once
ONE_TEXT = 1  # token; every batch has a single text


@dataclass(frozen=True, slots=True)
class LoadOptions:
    """Settings that some systems need.

    devices: several are real replicas for PaDeLLM-Multi.
    vllm: the environment that scripts/install_vllm.sh has made. vllm_eager: vLLM
        compiles nothing. vllm_dtype: the numbers that vLLM computes in.
    checkpoints: the folder for vLLM's checkpoints and logs.
    """

    devices: Sequence[str] = ("auto",)
    vllm: Path = Path("training/vllm")
    vllm_eager: bool = False
    vllm_dtype: str = "float32"
    checkpoints: Path = Path("training/merged")


Load = Callable[[PaDeLLMNER, LoadOptions], LoadedSystem]


@dataclass(frozen=True, slots=True)
class System:
    """A system to compare.

    title: the paper's name, if the paper has the system.
    format: the key of its adapter in `FORMATS`.
    one_by_one: whether it reads one document at a time, and so has no batches.
    uses_vllm: whether it needs the environment of `LoadOptions.vllm`.
    """

    title: str
    format: str
    load: Load
    one_by_one: bool = False
    uses_vllm: bool = False


def packed(ner: PaDeLLMNER, options: LoadOptions) -> LoadedSystem:
    """The component as it is: all sequences on one device."""
    return LoadedSystem(ner, causal_lm_shim(ner.model).engine)


def multi(ner: PaDeLLMNER, options: LoadOptions) -> LoadedSystem:
    """A device for every sequence: real replicas on several devices, or simulated."""
    shim = causal_lm_shim(ner.model)
    if len(options.devices) > 1:
        engine = ReplicaEngine(replicate(shim, options.devices))
    else:
        engine = OneDevicePerSequence(shim.engine)
    return LoadedSystem(ner, engine, batch_tokens=ONE_TEXT)


def generate(ner: PaDeLLMNER, options: LoadOptions) -> LoadedSystem:
    """transformers' `generate` with the adapter merged, as it would be served."""
    shim = causal_lm_shim(ner.model)
    return LoadedSystem(ner, GenerateEngine(shim.lm.merged(), shim.tokenizer))


def official(ner: PaDeLLMNER, options: LoadOptions) -> LoadedSystem:
    """The paper's own inference. The adapter is merged, as the paper has none."""
    shim = causal_lm_shim(ner.model)
    lm = shim.lm.merged()
    vocabulary = lm.base.model.config.get_text_config().vocab_size
    return LoadedSystem(
        ner,
        GenerateEngine(lm, shim.tokenizer),
        format=OfficialPaDeLLM(ner.format, shim.tokenizer, vocabulary),
        batch_tokens=ONE_TEXT,
    )


def vllm(ner: PaDeLLMNER, options: LoadOptions) -> LoadedSystem:
    """A vLLM server, which the component's engine spacy_padellm.VLLM.v1 asks.

    Loading takes a minute.
    """
    shim = causal_lm_shim(ner.model)
    name = ner.format.name.replace(" ", "-")
    checkpoint = merged_checkpoint(ner, options.checkpoints / name)
    server = VLLMServer.start(
        options.vllm,
        checkpoint,
        options.checkpoints / f"{name}.log",
        ["--dtype", options.vllm_dtype, *["--enforce-eager"] * options.vllm_eager],
    )
    try:
        with server.awake():
            source = build_vllm_v1(
                url=server.url, model=MODEL, timeout=600, max_requests=REQUESTS
            )
            engine = source.open(shim, None)
    except BaseException:
        server.close()
        raise
    engine = MeasuredVLLM(engine, server)
    return LoadedSystem(ner, engine, batch_tokens=ALL_TEXTS, vllm=server)


SYSTEMS: dict[str, System] = {
    "padellm_batch": System("PaDeLLM-Batch", "padellm", packed),
    "padellm_multi": System("PaDeLLM-Multi", "padellm", multi, one_by_one=True),
    "pointer": System("Pointer", "pointer", packed),
    "one_step": System("OneStep", "one_step", packed),
    "struct": System("AutoReg struct", "struct", packed),
    "aug": System("AutoReg aug", "aug", packed),
    "struct_generate": System("AutoReg struct, generate", "struct", generate),
    "aug_generate": System("AutoReg aug, generate", "aug", generate),
    "official": System("official algorithm", "padellm", official, one_by_one=True),
    "official_template": System(
        "official algorithm, its own template",
        "official_template",
        official,
        one_by_one=True,
    ),
    "struct_vllm": System("AutoReg struct, vLLM", "struct", vllm, uses_vllm=True),
    "aug_vllm": System("AutoReg aug, vLLM", "aug", vllm, uses_vllm=True),
    "padellm_vllm": System("PaDeLLM prompts, vLLM", "padellm", vllm, uses_vllm=True),
}


def get_systems(names: Sequence[str]) -> dict[str, System]:
    """The systems with these names. ValueError (E611): there is no such system."""
    check_names("system", names, SYSTEMS)
    return {name: SYSTEMS[name] for name in names}


def check_vllm(folder: Path) -> None:
    """ValueError (E617): the folder is not an environment with a Python."""
    if not (folder / "bin" / "python").is_file():
        raise ValueError(Errors.E617.format(folder=folder))
