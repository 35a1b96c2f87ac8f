"""Models of 1B and 7B with random weights, against the limits of the machine.

A document alone takes at least its passes x the bytes of the weights ÷ the bandwidth of
a copy. Many documents take at least their operations ÷ the best matrix product. This
needs no spaCy, no checkpoint and no network.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

import torch

from spacy_padellm.bases.tokenizer import PlainTokenizer
from spacy_padellm.corpora.base import AnnotatedText
from spacy_padellm.engines.base import Engine
from spacy_padellm.engines.packed import PackedEngine
from spacy_padellm.execution.decoding import DecodingSettings
from spacy_padellm.formats.segments import digit_id
from spacy_padellm.formats.templates import get_template
from spacy_padellm.trees.branch import Branch
from spacy_padellm.types import PromptTokenizer

from ..data.workshop import workshop_texts
from ..errors import Errors
from ..machine.clock import seconds_when_done
from ..machine.environment import describe_machine
from ..machine.model_size import ModelSize, model_size
from ..machine.peak import copy_rate, matrix_rate
from ..systems.generate import GenerateEngine
from ..systems.random_models import random_lm
from ..systems.usage import CountingEngine

LABELS = ("PART", "FAULT", "TOOL")


@dataclass(frozen=True, slots=True)
class GPUSettings:
    """What to measure.

    shapes: keys of `SHAPES`. graphs: see the component's `cuda_graphs`.
    alone: the number of texts that are read one at a time. batch_texts: the numbers of
        texts in a batch to try.
    """

    device: torch.device
    dtype: torch.dtype
    shapes: Sequence[str]
    graphs: bool
    alone: int
    batch_texts: Sequence[int]
    rounds: int


@dataclass(frozen=True, slots=True)
class Prompts:
    """Two rounds of prompts for one text.

    The counts are gold counts, because a random model cannot count. The answers are as
    long as the gold mentions, with one end token each.
    """

    counts: tuple[Branch, ...]
    mentions: tuple[Branch, ...]

    @classmethod
    def of(cls, gold: AnnotatedText, tokenizer: PromptTokenizer) -> "Prompts":
        prompts = get_template("compact").prompts(gold.text, tokenizer)
        digits = tuple(digit_id(digit, tokenizer) for digit in "0123456789")
        counts = [Branch(prompts.count(name), 1, candidates=digits) for name in LABELS]
        mentions = []
        for name in LABELS:
            entities = [entity for entity in gold.entities if entity.label == name]
            for index, entity in enumerate(entities, start=1):
                string = " " + gold.text[entity.start : entity.end]
                ids = tokenizer.encode(string, add_special_tokens=False).ids
                prompt = prompts.mention(name, len(entities), index)
                mentions.append(Branch(prompt, len(ids) + 1))
        return cls(tuple(counts), tuple(mentions))


def check_device(device: str) -> None:
    """ValueError (E618): there is no CUDA device."""
    if device.startswith("cuda") and not torch.cuda.is_available():
        raise ValueError(Errors.E618)


def measure_models(settings: GPUSettings) -> dict[str, Any]:
    """Measure all shapes; the results as JSON."""
    copied = copy_rate(settings.device)
    return {
        "machine": describe_machine(),
        "dtype": str(settings.dtype).removeprefix("torch."),
        "graphs": settings.graphs,
        "copy_gb_a_second": copied / 1e9,
        "shapes": {
            shape: measure_shape(shape, copied, settings) for shape in settings.shapes
        },
    }


def measure_shape(shape: str, copied: float, settings: GPUSettings) -> dict[str, Any]:
    """Measure one shape. `copied`: bytes per second of the best copy."""
    device = settings.device
    lm = random_lm(shape, device, settings.dtype)
    tokenizer = PlainTokenizer(lm.base.tokenizer)
    texts = [Prompts.of(gold, tokenizer) for gold in workshop_texts()]
    decoding = DecodingSettings(graphs=settings.graphs)
    packed = CountingEngine(PackedEngine(lm, tokenizer, decoding=decoding))
    flat = GenerateEngine(lm, tokenizer)
    size = model_size(lm.base.model)
    for warm_up in (texts[:1], texts[: settings.batch_texts[0]]):
        complete(packed, warm_up)
        complete(flat, warm_up)
    alone = [
        measure_alone(packed, flat, prompts, size.bytes / copied)
        for prompts in texts[: settings.alone]
    ]
    batches = {}
    for n_texts in settings.batch_texts:
        many = [texts[number % len(texts)] for number in range(n_texts)]
        batches[n_texts] = measure_batch(packed, many, size, settings)
    best = max(batches.values(), key=lambda one: one["docs_a_second"])
    on_gpu = device.type == "cuda"
    peak = torch.cuda.max_memory_allocated(device) / 2**30 if on_gpu else None
    return {
        "weights_gb": size.bytes / 1e9,
        "ms_alone": median(1000 * one["seconds"] for one in alone),
        "passes_alone": sum(one["passes"] for one in alone) / len(alone),
        "times_the_least": median(one["seconds"] / one["least"] for one in alone),
        "generate_ratio": median(one["generate"] / one["seconds"] for one in alone),
        "batches": batches,
        "docs_a_second": best["docs_a_second"],
        "share_of_peak": best["share_of_peak"],
        "peak_gb": peak,
    }


def complete(engine: Engine, texts: Sequence[Prompts]) -> float:
    """Complete both rounds of all texts at once; the seconds that it took."""
    start = seconds_when_done()
    with engine.session(len(texts)) as session:
        session.complete([prompts.counts for prompts in texts])
        session.complete([prompts.mentions for prompts in texts])
    return seconds_when_done() - start


def measure_alone(
    packed: CountingEngine, flat: Engine, prompts: Prompts, seconds_per_pass: float
) -> dict[str, float]:
    """Complete one text with the packed engine and with `generate` on flat prompts.

    seconds_per_pass: the least time to read the weights once.
    """
    before = packed.usage
    seconds = complete(packed, [prompts])
    passes = packed.usage.since(before).passes
    return {
        "seconds": seconds,
        "passes": passes,
        "least": passes * seconds_per_pass,
        "generate": complete(flat, [prompts]),
    }


def measure_batch(
    packed: CountingEngine,
    texts: Sequence[Prompts],
    size: ModelSize,
    settings: GPUSettings,
) -> dict[str, float]:
    """Complete many texts at once, and measure the machine's peak in each round."""
    seconds, shares = [], []
    for _ in range(settings.rounds):
        before = packed.usage
        seconds.append(complete(packed, texts))
        used = packed.usage.since(before)
        operations = size.operations(used.tokens, used.generated)
        peak = matrix_rate(settings.device, settings.dtype)
        shares.append(operations / seconds[-1] / peak)
    return {
        "docs_a_second": len(texts) / median(seconds),
        "share_of_peak": median(shares),
        "padded_over_real": used.padded / used.tokens,
        "passes": used.passes,
        "tokens_a_doc": used.tokens / len(texts),
    }
