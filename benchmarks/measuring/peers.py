"""Who takes part in the comparison of benchmarks/peers.py."""

from collections.abc import Callable
from dataclasses import dataclass

from spacy_padellm.pipeline.padellm_ner import PaDeLLMNER

from .contenders import Contender, Options, generate, official_algorithm, ours, vllm

OURS = "ours"
ITS_TEMPLATE = "PaDeLLM padellm.en"


@dataclass(frozen=True, slots=True)
class Peer:
    """format: of its adapter, as `benchmark` calls it; None for one that is given.
    goals: times faster that ours is meant to be on two cores: with one document alone,
    and saturated."""

    title: str
    format: str | None
    make: Callable[[str, PaDeLLMNER, Options], Contender]
    goals: tuple[float, float | None] | None = None


PEERS = {
    OURS: Peer("ours", "padellm", ours),
    "official": Peer(
        "official algorithm, our template", "padellm", official_algorithm, (4, 6)
    ),
    "official_template": Peer(
        "official algorithm, its template", None, official_algorithm, (6, 10)
    ),
    "struct_generate": Peer("generate, AutoReg struct", "struct", generate, (4, None)),
    "aug_generate": Peer("generate, AutoReg aug", "aug", generate, (9, None)),
    "struct_vllm": Peer("vLLM, AutoReg struct", "struct", vllm, (4, 2.5)),
    "aug_vllm": Peer("vLLM, AutoReg aug", "aug", vllm, (7, 4)),
    "padellm_vllm": Peer("vLLM, PaDeLLM prompts", "padellm", vllm, (5, 7)),
}
