"""Greedy decoding as in a textbook: one prompt, then a token at a time."""

from dataclasses import dataclass, replace

import pytest
import torch

from spacy_padellm.bases.tokenizer import PlainTokenizer
from spacy_padellm.engines.base import Session
from spacy_padellm.trees.branch import Branch, Completion
from spacy_padellm.types import TokenIds


@torch.inference_mode()
def greedy(model, tokenizer, branch: Branch) -> Completion:
    ids: list[int] = []
    chosen: list[float] = []
    candidates: tuple[float, ...] = ()

    def completion(text, stopped):
        return Completion(tuple(ids), text, tuple(chosen), stopped, candidates)

    cache, unseen = None, list(branch.prompt)
    while len(ids) < branch.max_new_tokens:
        if branch.prefix:
            logits = prefix_logits(model, [*branch.prompt, *ids], branch.prefix)
        else:
            out = model(torch.tensor([unseen]), past_key_values=cache, use_cache=True)
            cache, logits = out.past_key_values, out.logits[0]
        logits = logits[-1].float()
        allowed = logits + forbidden(branch, ids, len(logits))
        logprobs = (allowed if branch.among_allowed else logits).log_softmax(-1)
        if not ids:
            candidates = tuple(logprobs[list(branch.candidates)].tolist())
        token = int(allowed.argmax())
        chosen.append(float(logprobs[token]))
        if token in branch.stop_ids:
            return completion(tokenizer.decode(ids), True)
        ids.append(token)
        unseen = [token]
        text = tokenizer.decode(ids)
        cuts = [text.index(stop) for stop in branch.stop_strings if stop in text]
        if cuts:
            return completion(text[: min(cuts)], True)
    return completion(tokenizer.decode(ids), False)


def prefix_logits(model, ids, prefix: int) -> torch.Tensor:
    """Logits [tokens, vocabulary]; the first tokens see each other, the others what is
    before them."""
    seen = torch.ones(len(ids), len(ids)).tril()
    seen[:prefix, :prefix] = 1
    mask = (1 - seen) * torch.finfo(torch.float32).min
    return model(torch.tensor([ids]), attention_mask=mask[None, None]).logits[0]


def forbidden(branch: Branch, ids: list[int], n_tokens: int) -> torch.Tensor:
    """-inf for each of `n_tokens` tokens that must not come next, else 0."""
    fits = [may_follow(branch, ids, token) for token in range(n_tokens)]
    return torch.tensor([0.0 if fit else float("-inf") for fit in fits])


def may_follow(branch: Branch, ids: list[int], token: int) -> bool:
    """A mention in the text, less a space before it, is a part of the text that begins
    where a word may. A first token among candidates is one of them."""
    if not branch.constrained:
        among_candidates = branch.among_allowed and branch.candidates and not ids
        return not among_candidates or token in branch.candidates
    if token in branch.stop_ids:
        return True
    text, spelled = branch.draft.text, branch.draft.spelling.of
    written = b"".join(spelled[token] for token in ids)
    piece = spelled[token]
    return bool(piece) and fits_at(text, written + piece, branch.draft.starts)


def fits_at(text: bytes, copy: bytes, starts) -> bool:
    return any(text.startswith(copy.removeprefix(b" "), at) for at in starts)


class PlainSession:
    """A session that completes each branch by itself."""

    def __init__(self, model, tokenizer) -> None:
        self.model = model
        self.tokenizer = tokenizer

    def complete(self, branches):
        return [
            [greedy(self.model, self.tokenizer, branch) for branch in row]
            for row in branches
        ]


@dataclass
class GivenCounts:
    """Answers as another session does, but counts as given, whatever a random model
    writes. given: count prompt → the count, of one digit.

    The probabilities stay those of the session, so a format must take the count that
    is written: its `count_threshold` is None."""

    session: Session
    tokenizer: PlainTokenizer
    given: dict[TokenIds, int]

    def complete(self, branches):
        return [
            [
                self.counted(branch, answer) if branch.candidates else answer
                for branch, answer in zip(row, answers, strict=True)
            ]
            for row, answers in zip(
                branches, self.session.complete(branches), strict=True
            )
        ]

    def counted(self, branch, answer):
        if branch.prompt not in self.given:
            return replace(answer, text="no further digit")
        count = self.given[branch.prompt]
        digit = self.tokenizer.encode(f"\n{count}", add_special_tokens=False).ids[-1]
        return replace(answer, ids=(digit,), text=str(count))


def written(completions):
    """What was written, without the probabilities."""
    return [[(c.ids, c.text, c.stopped) for c in row] for row in completions]


def assert_same(found, expected):
    """The same tokens; log-probabilities within 1e-4."""
    assert written(found) == written(expected)
    for row, plain_row in zip(found, expected, strict=True):
        for one, plain in zip(row, plain_row, strict=True):
            assert one.logprob == pytest.approx(plain.logprob, abs=1e-4)
            assert one.candidates == pytest.approx(plain.candidates, abs=1e-4)


def count_branches(template, gold, tokenizer, *, n_candidates=0, max_new_tokens=1):
    """The first round of each text: how many mentions has each label?"""
    rows = []
    for row in gold:
        prompts = template.prompts(row.text, tokenizer)
        rows.append(
            [
                Branch(
                    prompts.count(label),
                    max_new_tokens=max_new_tokens,
                    candidates=tuple(range(n_candidates)),
                )
                for label in sorted(all_labels(gold))
            ]
        )
    return rows


def mention_branches(template, gold, tokenizer, *, max_new_tokens=3):
    """The second round, for the gold counts: the next digit, then each mention.

    Mentions of different lengths, `max_new_tokens` at most.
    """
    rows = []
    for row in gold:
        prompts = template.prompts(row.text, tokenizer)
        branches = []
        for label, spans in row.spans.items():
            digits = tokenizer.encode(f"\n{len(spans)}", add_special_tokens=False).ids
            branches.append(Branch(prompts.count(label) + digits[1:], 1))
            branches += [
                Branch(
                    prompts.mention(label, len(spans), index),
                    max_new_tokens=1 + index % max_new_tokens,
                    stop_ids=frozenset((tokenizer.eos_id,)),
                    stop_strings=template.stop_strings,
                )
                for index in range(1, len(spans) + 1)
            ]
        rows.append(branches)
    return rows


def all_labels(gold):
    return {label for row in gold for label in row.spans}
