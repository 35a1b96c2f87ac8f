"""Does the packed engine write the same as plain decoding, token for token?

The packed engine reads real sentences in float32, with drafts and without. Mentions may
be anything, so that only the model decides. Then transformers' `generate` completes
each prompt alone, from its first token.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import torch

from spacy_padellm.adapters.adapted import AdaptedLM
from spacy_padellm.corpora.gold import Choices, gold_docs
from spacy_padellm.corpora.registry import read
from spacy_padellm.engines.base import Session
from spacy_padellm.engines.packed import PackedEngine
from spacy_padellm.formats.padellm import PaDeLLM
from spacy_padellm.model.shim import causal_lm_shim
from spacy_padellm.trees.branch import Branch, Completion
from spacy_padellm.types import PromptTokenizer, TokenIds

from ..systems.generate import generate
from ..systems.loaded import LoadedSystem
from ..training.train import load_pipeline

ENGINES = {"with drafts": True, "without drafts": False}
END = -1  # marks a completion that was stopped, and not cut off


@dataclass(slots=True)
class Recorder:
    """An engine that records prompts and completions.

    The same prompt always asks for the same thing, so prompts are keys.
    """

    engine: PackedEngine
    branches: dict[TokenIds, Branch] = field(default_factory=dict)
    written: dict[TokenIds, TokenIds] = field(default_factory=dict)

    @property
    def tokenizer(self) -> PromptTokenizer:
        return self.engine.tokenizer

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
                self.recorder.branches[branch.prompt] = branch
                self.recorder.written[branch.prompt] = with_end(completion)
        return rows


def with_end(completion: Completion) -> TokenIds:
    """The tokens of a completion, and END if it was stopped."""
    return completion.ids + (END,) * completion.stopped


def count_differences(
    pipeline: Path,
    texts: Path,
    *,
    docs: int,
    device: str,
    batch_tokens: int,
    say: Callable[[str], None],
    progress: Callable[[Iterable, str], Iterable],
) -> int:
    """Compare all completions, print those that differ, and return their number.

    texts: a corpus in any format that `convert` reads. docs: the number of texts.
    """
    nlp = load_pipeline(pipeline, device=device, dtype="float32")
    ner = nlp.get_pipe("padellm_ner")
    shim = causal_lm_shim(ner.model)
    format = ner.format
    if isinstance(format, PaDeLLM):
        format = replace(format, only_in_text=False)
    gold = gold_docs(nlp, [read(texts)], Choices(limit=docs))
    recorders = {
        name: Recorder(PackedEngine(shim.lm, shim.tokenizer, drafts=drafts))
        for name, drafts in ENGINES.items()
    }
    for recorder in recorders.values():
        LoadedSystem(ner, recorder, format=format).predict(gold, batch_tokens)
    branches = {k: b for one in recorders.values() for k, b in one.branches.items()}
    n_different = n_tokens = 0
    for prompt, branch in progress(branches.items(), "plain decoding"):
        (plain,) = generate(shim.lm, shim.tokenizer, [branch])
        expected = with_end(plain)
        n_tokens += len(expected)
        for name, recorder in recorders.items():
            found = recorder.written.get(prompt)
            if found != expected:
                n_different += 1
                say(f"{name}, {shim.tokenizer.decode(prompt)!r}")
                say(_difference(shim.lm, prompt, found, expected))
    say(
        f"{format.name}: {len(gold)} texts, {len(branches)} prompts, {n_tokens} tokens;"
        f" {n_different} completions differ from plain decoding, with drafts or without"
    )
    return n_different


def _difference(
    lm: AdaptedLM, prompt: TokenIds, found: TokenIds | None, expected: TokenIds
) -> str:
    """What differs, and how close the choice was to a tie."""
    if found is None:
        return "    was not completed, because an earlier completion differs"
    same = 0
    while same < min(len(found), len(expected)) and found[same] == expected[same]:
        same += 1
    ids = torch.tensor([prompt + expected[:same]], device=lm.device)
    with torch.inference_mode():
        lm.base.activate(lm.name)
        best = lm.base.model(ids).logits[0, -1].float().log_softmax(-1).topk(2)
    lead = float(best.values[0] - best.values[1])
    return (
        f"    wrote {found}, plain decoding wrote {expected}; at the first difference "
        f"the likeliest token leads the second by {lead:.1e} nats"
    )
