"""An engine that completes branches with transformers' own `generate`.

All prompts are one left-padded batch with a KV cache. Each prompt is computed from its
first token, so prompts share nothing. This is how autoregressive systems are commonly
run.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass, field
from itertools import chain

import torch
from transformers import GenerationConfig, LogitsProcessor, StoppingCriteria

from spacy_padellm.adapters.adapted import AdaptedLM
from spacy_padellm.engines.usage import Usage
from spacy_padellm.errors import Errors as PackageErrors
from spacy_padellm.trees.branch import Branch, Completion
from spacy_padellm.types import PromptTokenizer

from ..errors import Errors


class GenerateEngine:
    """Completes branches with `generate`; the texts of a session are one batch.

    usage: counts what is done. `attended` equals `padded`.
    """

    def __init__(self, lm: AdaptedLM, tokenizer: PromptTokenizer) -> None:
        self.lm = lm
        self.tokenizer = tokenizer
        self.usage = Usage()

    @contextmanager
    def session(self, n_texts: int) -> Iterator["GenerateSession"]:
        self.usage.sessions += 1
        yield GenerateSession(self)


@dataclass(frozen=True, slots=True)
class GenerateSession:
    """Keeps nothing from one call to the next."""

    engine: GenerateEngine

    def complete(self, branches: Sequence[Sequence[Branch]]) -> list[list[Completion]]:
        flat = list(chain.from_iterable(branches))
        completions = generate(self.engine.lm, self.engine.tokenizer, flat)
        if flat:
            self.engine.usage.add(usage_of(flat, completions))
        answers = iter(completions)
        return [[next(answers) for _ in row] for row in branches]


def usage_of(branches: Sequence[Branch], completions: Sequence[Completion]) -> Usage:
    """What `generate` does for one batch.

    The first pass computes all prompts. Each further pass computes one token per row,
    which is padding in the rows that have ended.
    """
    prompts = [len(branch.prompt) for branch in branches]
    generated = [len(completion.logprobs) for completion in completions]
    passes = max(generated)
    padded = len(branches) * (max(prompts) + passes - 1)
    return Usage(
        passes=passes,
        tokens=sum(prompts) + sum(generated) - len(branches),
        padded=padded,
        attended=padded,
    )


@torch.inference_mode()
def generate(
    lm: AdaptedLM, tokenizer: PromptTokenizer, branches: Sequence[Branch]
) -> list[Completion]:
    """Complete branches greedily as one batch, which runs until its last row ends.

    ValueError: a prompt and its answer do not fit the model's context (E601), or a
    prompt has a prefix that sees all of itself, which `generate` does not support
    (E614).
    """
    if not branches:
        return []
    for branch in branches:
        if branch.prefix:
            raise ValueError(Errors.E614)
        needed = len(branch.prompt) + branch.max_new_tokens
        if needed > lm.context_length:
            raise ValueError(
                PackageErrors.E601.format(needed=needed, most=lm.context_length)
            )
    ids, mask = pad_left([branch.prompt for branch in branches], lm.device)
    rows = [_Row(branch, tokenizer) for branch in branches]
    record = _Record()
    lm.base.activate(lm.name)
    # A view of the same modules without the checkpoint's generation_config.json: its
    # repetition penalty or eos would take effect.
    model = copy(lm.base.model)
    model.generation_config = GenerationConfig()
    model.generate(
        input_ids=ids,
        attention_mask=mask,  # `generate` derives positions from it
        generation_config=GenerationConfig(
            max_new_tokens=max(branch.max_new_tokens for branch in branches),
            do_sample=False,
            num_beams=1,
            use_cache=True,
            pad_token_id=0,
        ),
        logits_processor=[record],
        stopping_criteria=[_Watch(rows)],
    )
    logprobs = torch.stack(record.chosen, dim=1).tolist()
    return [
        row.completion(steps, record.first[place])
        for place, (row, steps) in enumerate(zip(rows, logprobs, strict=True))
    ]


def pad_left(
    prompts: Sequence[Sequence[int]], device: torch.device
) -> tuple[torch.Tensor, torch.Tensor]:
    """Prompts as ids and attention mask, both [prompts, longest prompt]."""
    width = max(map(len, prompts))
    ids = [[0] * (width - len(prompt)) + list(prompt) for prompt in prompts]
    mask = [[0] * (width - len(prompt)) + [1] * len(prompt) for prompt in prompts]
    return torch.tensor(ids, device=device), torch.tensor(mask, device=device)


@dataclass(slots=True)
class _Row:
    """A branch and its answer so far; n_steps includes the stop token."""

    branch: Branch
    tokenizer: PromptTokenizer
    ids: list[int] = field(default_factory=list)
    n_steps: int = 0
    stopped: bool = False
    cut: int | None = None
    ended: bool = False

    def take(self, token: int) -> None:
        """Add the next token, unless the row has ended before the batch."""
        if self.ended:
            return
        self.n_steps += 1
        if token in self.branch.stop_ids:
            self.stopped = self.ended = True
            return
        self.ids.append(token)
        if self.branch.stop_strings:
            text = self.tokenizer.decode(self.ids)
            found = [text.find(string) for string in self.branch.stop_strings]
            self.cut = min((at for at in found if at >= 0), default=None)
            self.stopped = self.cut is not None
        self.ended = self.stopped or self.n_steps == self.branch.max_new_tokens

    def completion(self, steps: Sequence[float], first: torch.Tensor) -> Completion:
        """The finished answer.

        steps: a log-probability per step of the batch. first: log-probabilities of the
            first token, [vocabulary].
        """
        logprobs = tuple(steps[: self.n_steps])
        return Completion(
            tuple(self.ids),
            self.tokenizer.decode(self.ids)[: self.cut],
            logprobs,
            self.stopped,
            tuple(first[list(self.branch.candidates)].tolist()),
        )


class _Watch(StoppingCriteria):
    """Ends each row where its own branch does."""

    def __init__(self, rows: Sequence[_Row]) -> None:
        self.rows = rows

    def __call__(self, input_ids: torch.Tensor, scores, **_) -> torch.Tensor:
        for row, token in zip(self.rows, input_ids[:, -1].tolist(), strict=True):
            row.take(token)
        ended = [row.ended for row in self.rows]
        return torch.tensor(ended, device=input_ids.device)


class _Record(LogitsProcessor):
    """Changes no score; keeps the log-probabilities that a completion needs.

    `generate` itself would keep the logits of every step: rows x vocabulary x tokens.

    first: [rows, vocabulary], of the first token. chosen: the greatest ones, [rows] per
        step.
    """

    def __init__(self) -> None:
        self.chosen: list[torch.Tensor] = []

    def __call__(self, input_ids, scores: torch.Tensor) -> torch.Tensor:
        logprobs = scores.float().log_softmax(dim=-1)
        if not self.chosen:
            self.first = logprobs
        self.chosen.append(logprobs.max(dim=-1).values)
        return scores
