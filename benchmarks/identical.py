"""Whether the packed engine writes what plain decoding writes, token for token.

    python benchmarks/identical.py --texts ../shared/data/conll03/test.json

Reads real sentences in float32, with drafts and without, where mentions may be
anything. Every prompt that was completed is then completed by itself by transformers'
`generate`, from its first token, with nothing shared. Needs the pipelines that
`python -m spacy_padellm benchmark` trains.
"""

import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import torch
from measuring.cores import use_cores
from measuring.trained import add_arguments, load, trained
from tqdm import tqdm

from spacy_padellm.benchmarks.generate import generate
from spacy_padellm.benchmarks.systems import FORMATS, EngineReader
from spacy_padellm.corpora.gold import Choices, gold_docs
from spacy_padellm.corpora.registry import read
from spacy_padellm.engines.base import Branch, Completion, Session
from spacy_padellm.engines.transformers import TransformersEngine
from spacy_padellm.formats.base import PromptTokenizer
from spacy_padellm.formats.padellm import PaDeLLM
from spacy_padellm.models.lora import AdaptedLM
from spacy_padellm.models.shim import causal_lm_shim
from spacy_padellm.types import TokenIds

WAYS = {"with drafts": True, "without drafts": False}


@dataclass(slots=True)
class Recorder:
    """An engine that keeps what it was asked and what it wrote, by prompt.

    Prompts differ by what they ask: the same one is always completed alike.
    """

    engine: TransformersEngine
    asked: dict[TokenIds, Branch] = field(default_factory=dict)
    written: dict[TokenIds, TokenIds] = field(default_factory=dict)

    @contextmanager
    def session(self, n_texts: int) -> Iterator["RecordedSession"]:
        with self.engine.session(n_texts) as session:
            yield RecordedSession(session, self)


@dataclass(frozen=True, slots=True)
class RecordedSession:
    session: Session
    recorder: Recorder

    def complete(self, branches: Sequence[Sequence[Branch]]) -> list[list[Completion]]:
        rows = self.session.complete(branches)
        for asked, done in zip(branches, rows, strict=True):
            for branch, completion in zip(asked, done, strict=True):
                self.recorder.asked[branch.prompt] = branch
                self.recorder.written[branch.prompt] = with_end(completion)
        return rows


def with_end(completion: Completion) -> TokenIds:
    """What was written; -1 behind it where it was ended, and not cut off."""
    return completion.ids + (-1,) * completion.stopped


def parse() -> tuple[ArgumentParser, Namespace]:
    parser = ArgumentParser(description=__doc__.split("\n\n")[0])
    add_arguments(parser)
    parser.add_argument(
        "--texts",
        type=Path,
        default=Path("../shared/data/conll03/test.json"),
        help="a corpus in any format of `convert`",
    )
    parser.add_argument("--docs", type=int, default=1000)
    parser.add_argument(
        "--formats", nargs="+", choices=list(FORMATS), default=["padellm"]
    )
    parser.add_argument("--batch-tokens", type=int, default=4096)
    return parser, parser.parse_args()


def main(parser: ArgumentParser, args: Namespace) -> None:
    use_cores(args.cores)
    if not args.texts.exists():
        parser.error(f"there is no {args.texts}: give a corpus with --texts")
    n_different = 0
    for format in args.formats:
        try:
            pipeline = trained(args).pipeline(format)
        except FileNotFoundError as error:
            parser.error(str(error))
        n_different += compare(pipeline, args)
    sys.exit(1 if n_different else 0)


def compare(pipeline: Path, args: Namespace) -> int:
    """Print what differs; returns how many completions do."""
    nlp = load(pipeline, args.device, dtype="float32")
    ner = nlp.get_pipe("padellm_ner")
    # so that nothing but the model decides
    format = ner.format
    if isinstance(format, PaDeLLM):
        format = replace(format, only_in_text=False)
    lm = causal_lm_shim(ner.model).lm
    tokenizer = causal_lm_shim(ner.model).tokenizer
    docs = gold_docs(nlp, [read(args.texts)], Choices(limit=args.docs))
    ways = {
        way: Recorder(TransformersEngine(lm, tokenizer, drafts=drafts))
        for way, drafts in WAYS.items()
    }
    for recorder in ways.values():
        EngineReader(ner, recorder, format).read(docs, args.batch_tokens)
    asked = {prompt: b for one in ways.values() for prompt, b in one.asked.items()}
    n_different = n_tokens = 0
    for prompt, branch in tqdm(asked.items(), disable=None, leave=False):
        (plain,) = generate(lm, tokenizer, [branch])
        expected = with_end(plain)
        n_tokens += len(expected)
        for way, recorder in ways.items():
            found = recorder.written.get(prompt)
            if found != expected:
                n_different += 1
                show(way, found, expected, prompt, lm, tokenizer)
    print(
        f"{format.name}: {len(docs)} texts, {len(asked)} prompts, {n_tokens} tokens; "
        f"{n_different} completions differ from plain decoding, with drafts or without"
    )
    return n_different


def show(
    way: str,
    found: TokenIds | None,
    expected: TokenIds,
    prompt: TokenIds,
    lm: AdaptedLM,
    tokenizer: PromptTokenizer,
) -> None:
    """Print a completion that differs, and how near to a tie the choice was."""
    print(f"{way}, {tokenizer.decode(prompt)!r}")
    if found is None:
        print("    was not asked, as an answer before it differs")
        return
    print(f"    wrote {found}, plain decoding {expected}")
    same = 0
    while same < min(len(found), len(expected)) and found[same] == expected[same]:
        same += 1
    ids = torch.tensor([prompt + expected[:same]], device=lm.device)
    with torch.inference_mode():
        lm.base.activate(lm.name)
        best = lm.base.model(ids).logits[0, -1].float().log_softmax(-1).topk(2)
    lead = float(best.values[0] - best.values[1])
    print(f"    there, the likeliest token leads the second by {lead:.1e} nats")


if __name__ == "__main__":
    main(*parse())
