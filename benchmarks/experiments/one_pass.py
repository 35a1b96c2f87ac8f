"""Does Pointer find the same however it is computed?

Real sentences are read in batches of several sizes, with the labels in random orders,
and by a plain version: transformers reads each text with each label alone, and the head
is written out.
"""

import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import spacy
import torch
from spacy.language import Language
from spacy.tokens import Doc

from spacy_padellm.adapters.adapted import AdaptedLM
from spacy_padellm.adapters.pointer_head import SCALE
from spacy_padellm.bases.weights import DEFAULT_BASE
from spacy_padellm.corpora.gold import Choices, gold_docs
from spacy_padellm.corpora.registry import read
from spacy_padellm.engines.base import Session
from spacy_padellm.formats.base import Query
from spacy_padellm.model.shim import causal_lm_shim
from spacy_padellm.types import TokenIds

from ..data.corpus import without_annotation

BATCHES = (1, 7, 32)  # texts
LABELS = {"PER": "person", "ORG": "organization", "LOC": "location", "MISC": "other"}
Spans = list[tuple[int, int, str]]


@dataclass(frozen=True, slots=True)
class OnePassResult:
    """texts: that were compared.
    batches: texts whose entities differ between sizes of batches.
    orders: texts with other entities in one of the orders of labels.
    plain: the largest difference of a probability from the plain version's.
    """

    texts: int
    batches: int
    orders: int
    plain: float


def compare(
    adapter: str,
    texts: Path,
    *,
    docs: int,
    orders: int,
    progress: Callable[[Iterable, str], Iterable],
    base: str = DEFAULT_BASE,
    device: str = "cpu",
) -> OnePassResult:
    """Compare all ways on the first texts of a corpus, in float32.

    adapter: in the format Pointer. docs: the number of texts. orders: of labels.
    """
    nlp = spacy.blank("en")
    config = {
        "labels": LABELS,
        "model": {
            "base": base,
            "adapter": adapter,
            "device": device,
            "dtype": "float32",
        },
        "format": {"@misc": "spacy_padellm.Pointer.v1"},
        "windows": {"@misc": "spacy_padellm.WholeDoc.v1"},
    }
    ner = nlp.add_pipe("padellm_ner", config=config)
    gold = gold_docs(nlp, [read(texts)], Choices(limit=docs))
    batched = [_found(nlp, gold, size) for size in progress(BATCHES, "batches")]
    rng = random.Random(0)
    ordered = []
    for _ in progress(range(orders), "orders"):
        ner.labels = dict(rng.sample([*LABELS.items()], len(LABELS)))
        ordered.append(_found(nlp, gold, BATCHES[-1]))
    shim = causal_lm_shim(ner.model)
    format = ner.active_format
    plain = PlainPointer(shim.lm)
    largest = 0.0
    for doc in progress(gold, "plain version"):
        encoded = format.encode(Query(doc.text, LABELS), shim.tokenizer)
        with shim.engine.session(1) as session:
            recorded = Recorded(session)
            format.extract([encoded], recorded)
        text = encoded.text
        asked = [text.segment(f"{name}:") for name in LABELS.values()]
        expected = plain.probabilities(
            text.prompt, text.n_tokens, asked, once=format.labels == "once"
        )
        found = 1 / (1 + np.exp(-recorded.log_odds.astype(np.float64)))
        largest = max(largest, float(np.abs(found - expected).max()))
    return OnePassResult(
        len(gold), _differing(batched), _differing([batched[-1], *ordered]), largest
    )


def _found(nlp: Language, gold: Sequence[Doc], batch: int) -> list[Spans]:
    bare = (without_annotation(doc, nlp.vocab) for doc in gold)
    return [
        [(ent.start, ent.end, ent.label_) for ent in doc.ents]
        for doc in nlp.pipe(bare, batch_size=batch)
    ]


def _differing(runs: Sequence[list[Spans]]) -> int:
    """The number of texts for which runs differ."""
    return sum(any(one != text[0] for one in text) for text in zip(*runs, strict=True))


class Recorded:
    """A session that keeps the log-odds of its first pass."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.breadths = session.breadths
        self.log_odds: np.ndarray | None = None

    def score(self, trees: Sequence) -> list[np.ndarray]:
        rows = self.session.score(trees)
        if self.log_odds is None:
            self.log_odds = np.concatenate(rows)
        return rows


class PlainPointer:
    """Pointer with transformers alone: a text and a label at a time."""

    def __init__(self, lm: AdaptedLM) -> None:
        self.head = {name: p.detach() for name, p in lm.head.state_dict().items()}
        self.model = lm.merged().base.model

    @torch.inference_mode()
    def probabilities(
        self, prompt: TokenIds, n_tokens: int, labels: Sequence[TokenIds], *, once: bool
    ) -> np.ndarray:
        """[labels, tokens, 3]. prompt: the text and a newline. once: of a label, only
        the last token sees the text."""
        first = 1 if len(prompt) - n_tokens > 1 else 0  # a token may begin each prompt
        before = prompt[:first] + prompt[first + n_tokens :]
        rows = []
        for label in labels:
            states = (
                self._with_name(prompt, before, label)
                if once
                else self._behind(prompt, label)
            )
            text, query = states[first : first + n_tokens], states[-1:]
            query = self._project("query", query)
            key = self._project("key", text)
            products = (query * key).unflatten(-1, (3, -1)).sum(-1)
            size = query.shape[-1] // 3
            log_odds = SCALE / size**0.5 * products + self.head["bias"]
            rows.append(log_odds.double().sigmoid().cpu().numpy())
        return np.stack(rows)

    def _behind(self, prompt: TokenIds, label: TokenIds) -> torch.Tensor:
        """Hidden states [tokens, width] of a text and a label that sees it."""
        ids = prompt + label
        seen = torch.ones(len(ids), len(ids)).tril()
        seen[: len(prompt), : len(prompt)] = 1
        return self._hidden(ids, seen, range(len(ids)))

    def _with_name(
        self, prompt: TokenIds, before: TokenIds, label: TokenIds
    ) -> torch.Tensor:
        """The same, if only the label's last token sees the text.

        before: what precedes the label, in the place of the last tokens of the prompt.
        """
        ids, first, name = prompt + before + label, len(prompt), len(prompt + before)
        seen = torch.zeros(len(ids), len(ids))
        seen[:first, :first] = 1
        seen[first:, first:] = torch.ones(len(ids) - first, len(ids) - first).tril()
        seen[-1, :first], seen[-1, first:name] = 1, 0
        positions = [*range(first), *range(first - len(before), first + len(label))]
        return self._hidden(ids, seen, positions)

    def _hidden(
        self, ids: TokenIds, seen: torch.Tensor, positions: Sequence[int]
    ) -> torch.Tensor:
        """Hidden states [tokens, width].

        seen: [tokens, tokens], 1 in the row of a token that sees the column's token.
        """
        device = self.model.device
        mask = (1 - seen.to(device)) * torch.finfo(torch.float32).min
        return self.model(
            input_ids=torch.tensor([ids], device=device),
            position_ids=torch.tensor([list(positions)], device=device),
            attention_mask=mask[None, None],
            output_hidden_states=True,
        ).hidden_states[-1][0]

    def _project(self, name: str, states: torch.Tensor) -> torch.Tensor:
        normed = states / states.pow(2).mean(dim=-1, keepdim=True).sqrt()
        return normed @ self.head[f"{name}.weight"].T + self.head[f"{name}.bias"]
