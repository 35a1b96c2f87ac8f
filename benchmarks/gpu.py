"""A 1B and a 7B model with random weights: latency and throughput against the machine.

    python benchmarks/gpu.py

The least that a document alone can take is its passes x the bytes of the weights ÷ what
the machine copies a second; the least that many documents can take is their operations
÷ its best matrix product. Needs no spaCy, no checkpoint and no network; a rehearsal:

    python benchmarks/gpu.py --device cpu --tiny
"""

import json
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import torch
from measuring.model_size import model_size
from measuring.peak import copy_rate, matrix_rate, seconds_when_done
from measuring.random_models import SHAPES, Gold, corpus, plain_tokenizer, random_lm

from spacy_padellm.benchmarks.generate import GenerateEngine
from spacy_padellm.benchmarks.machine import describe_machine
from spacy_padellm.engines.base import Branch, Engine
from spacy_padellm.engines.transformers import TransformersEngine
from spacy_padellm.formats.base import PromptTokenizer
from spacy_padellm.formats.segments import digit_id
from spacy_padellm.formats.templates import get_template
from spacy_padellm.models.decoding import DecodingSettings

LABELS = ("PART", "FAULT", "TOOL")


@dataclass(frozen=True, slots=True)
class Prompts:
    """The two rounds of one text, with its gold counts: a random model cannot count.

    Mentions are as long as the gold ones, with an end behind them.
    """

    counts: tuple[Branch, ...]
    mentions: tuple[Branch, ...]

    @classmethod
    def of(cls, gold: Gold, tokenizer: PromptTokenizer) -> "Prompts":
        prompts = get_template("compact").prompts(gold.text, tokenizer)
        digits = tuple(digit_id(digit, tokenizer) for digit in "0123456789")
        return cls(
            tuple(Branch(prompts.count(name), 1, candidates=digits) for name in LABELS),
            tuple(
                Branch(
                    prompts.mention(name, len(found), index),
                    len(tokenizer.encode(" " + string, add_special_tokens=False).ids)
                    + 1,
                )
                for name in LABELS
                if (found := gold.mentions.get(name, []))
                for index, string in enumerate(found, start=1)
            ),
        )

    @property
    def answers(self) -> int:
        """Tokens that are asked for."""
        return sum(b.max_new_tokens for b in (*self.counts, *self.mentions))


def parse() -> Namespace:
    parser = ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--dtype", default="bfloat16", choices=["bfloat16", "float32"])
    parser.add_argument("--shapes", nargs="+", choices=list(SHAPES), default=None)
    parser.add_argument("--tiny", action="store_true", help="a rehearsal, in seconds")
    parser.add_argument("--graphs", action="store_true", help="see `cuda_graphs`")
    parser.add_argument("--alone", type=int, default=50, help="texts read alone")
    parser.add_argument(
        "--batch-texts",
        type=int,
        nargs="+",
        default=[16, 64, 256],
        help="texts in a batch, of which the best counts",
    )
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--output", type=Path, default=Path("metrics/gpu"))
    args = parser.parse_args()
    if args.device.startswith("cuda") and not torch.cuda.is_available():
        parser.error("there is no CUDA device: a rehearsal is --device cpu --tiny")
    if args.tiny:
        args.shapes, args.alone, args.batch_texts, args.rounds = ["tiny"], 3, [4, 8], 1
    args.shapes = args.shapes or ["1B", "7B"]
    return args


def main(args: Namespace) -> None:
    device, dtype = torch.device(args.device), getattr(torch, args.dtype)
    copied = copy_rate(device)
    run: dict[str, Any] = {"machine": describe_machine(), "dtype": args.dtype}
    run["graphs"] = args.graphs
    run["copy_gb_a_second"] = copied / 1e9
    run["shapes"] = {}
    print(f"copies {copied / 1e9:.0f} GB a second")
    for shape in args.shapes:
        run["shapes"][shape] = done = measure(shape, device, dtype, copied, args)
        report(shape, done)
    args.output.mkdir(parents=True, exist_ok=True)
    text = json.dumps(run, indent=2)
    (args.output / "gpu.json").write_text(text + "\n", encoding="utf8")


def measure(
    shape: str, device: torch.device, dtype: torch.dtype, copied: float, args: Namespace
) -> dict[str, Any]:
    lm = random_lm(shape, device, dtype)
    tokenizer = plain_tokenizer(lm)
    texts = [Prompts.of(gold, tokenizer) for gold in corpus()]
    decoding = DecodingSettings(graphs=args.graphs)
    engine = TransformersEngine(lm, tokenizer, decoding=decoding)
    flat = GenerateEngine(lm, tokenizer)
    size = model_size(lm.base.model)
    for warm_up in (texts[:1], texts[: args.batch_texts[0]]):
        read(engine, warm_up)
        read(flat, warm_up)
    alone = [
        alone_in_turn(engine, flat, prompts, size.bytes / copied, device)
        for prompts in texts[: args.alone]
    ]
    batches = {}
    for n_texts in args.batch_texts:
        many = [texts[place % len(texts)] for place in range(n_texts)]
        batches[n_texts] = batch(engine, many, size, device, dtype, args.rounds)
    best = max(batches.values(), key=lambda one: one["docs_a_second"])
    return {
        "weights_gb": size.bytes / 1e9,
        "ms_alone": median(1000 * one["seconds"] for one in alone),
        "passes_alone": sum(one["passes"] for one in alone) / len(alone),
        "times_the_least": median(one["seconds"] / one["least"] for one in alone),
        "generate_ratio": median(one["generate"] / one["seconds"] for one in alone),
        "batches": batches,
        "docs_a_second": best["docs_a_second"],
        "share_of_peak": best["share_of_peak"],
        "peak_gb": (
            torch.cuda.max_memory_allocated(device) / 2**30
            if device.type == "cuda"
            else None
        ),
    }


def read(engine: Engine, texts: Sequence[Prompts]) -> None:
    """Both rounds of all texts at once."""
    with engine.session(len(texts)) as session:
        session.complete([prompts.counts for prompts in texts])
        session.complete([prompts.mentions for prompts in texts])


def seconds_to_read(
    engine: Engine, texts: Sequence[Prompts], device: torch.device
) -> float:
    start = seconds_when_done(device)
    read(engine, texts)
    return seconds_when_done(device) - start


def alone_in_turn(
    engine: TransformersEngine,
    flat: GenerateEngine,
    prompts: Prompts,
    seconds_a_pass: float,
    device: torch.device,
) -> dict[str, float]:
    """One text by our engine and by `generate` on flat prompts, the paper's way.

    seconds_a_pass: that reading the weights takes.
    """
    before = engine.usage.passes
    seconds = seconds_to_read(engine, [prompts], device)
    passes = engine.usage.passes - before
    return {
        "seconds": seconds,
        "passes": passes,
        "least": passes * seconds_a_pass,
        "generate": seconds_to_read(flat, [prompts], device),
    }


def batch(engine, many, size, device, dtype, n_rounds) -> dict[str, float]:
    """Many texts at once; the share of the best matrix product measured beside it."""
    answers = sum(prompts.answers for prompts in many)
    seconds, shares = [], []
    for _ in range(n_rounds):
        before, padded = engine.usage.tokens, engine.usage.padded
        passes = engine.usage.passes
        seconds.append(seconds_to_read(engine, many, device))
        tokens = engine.usage.tokens - before
        operations = size.operations(tokens, answers)
        shares.append(operations / seconds[-1] / matrix_rate(device, dtype))
    return {
        "docs_a_second": len(many) / median(seconds),
        "share_of_peak": median(shares),
        "padded_over_real": (engine.usage.padded - padded) / tokens,
        "passes": engine.usage.passes - passes,
        "tokens_a_doc": tokens / len(many),
    }


def report(shape: str, done: dict[str, Any]) -> None:
    print(
        f"{shape}, {done['weights_gb']:.2f} GB of weights: a text alone takes "
        f"{done['ms_alone']:.1f} ms in {done['passes_alone']:.1f} passes, "
        f"{done['times_the_least']:.2f} times what reading the weights takes; "
        f"`generate` takes {done['generate_ratio']:.2f} times as long"
    )
    for n_texts, one in done["batches"].items():
        print(
            f"    {n_texts:4} texts at once: {one['docs_a_second']:7.1f} a second, "
            f"{100 * one['share_of_peak']:3.0f}% of the matrix product's peak, "
            f"{one['padded_over_real']:.2f} padded ÷ real tokens"
        )


if __name__ == "__main__":
    main(parse())
