"""Pointer: each label is compared with the text's own tokens, in one pass.

At the last token of a label's branch, learned projections of the hidden state are
compared with those of the text's tokens. Nothing is generated, so nothing has to be
found again in the text.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ..adapters.files import HeadCard
from ..engines.base import Session
from ..errors import Errors
from ..settings import check_positive, check_share
from ..trees.pointers import GoldPointers, Pointers, PointerTree, pack_pointers
from ..types import Mention, PromptTokenizer
from .base import EncodedQuery, Extraction, GoldText, Query
from .segments import TextSegments


def build_pointer_v1(*, threshold: float = 0.4, size: int = 128) -> "Pointer":
    """The Pointer format: `{text}\\n{name}:` for each label. All tokens of the text see
    each other.

    threshold: the least score of a mention, 0 to 1. A score is the probability that
        the label has a mention with exactly these borders.
    size: of the learned projections of a new adapter.
    """
    check_share(threshold=threshold)
    check_positive(size=size)
    return Pointer(threshold, size)


@dataclass(frozen=True, slots=True)
class Pointer:
    """One pass, a branch for each label. See `build_pointer_v1`."""

    threshold: float = 0.4
    size: int = 128

    @property
    def name(self) -> str:
        return "Pointer"

    @property
    def head(self) -> HeadCard:
        return HeadCard(size=self.size)

    def encode(
        self, query: Query, tokenizer: PromptTokenizer
    ) -> EncodedQuery[TextSegments]:
        text = TextSegments(query.text, tokenizer, prefix_lm=True, cuts=())
        return EncodedQuery(query, text)

    def extract(
        self, encoded: Sequence[EncodedQuery[TextSegments]], session: Session
    ) -> list[Extraction]:
        scored = session.score([_tree(one) for one in encoded])
        return [
            self._extraction(one, pointers)
            for one, pointers in zip(encoded, scored, strict=True)
        ]

    def gold_tree(
        self, query: Query, gold: GoldText, tokenizer: PromptTokenizer
    ) -> GoldPointers | None:
        cuts = {
            edge for spans in gold.spans.values() for span in spans for edge in span
        }
        text = TextSegments(query.text, tokenizer, prefix_lm=True, cuts=cuts)
        places = _places(text)
        known = np.ones(len(places), dtype=bool)
        for part in (*gold.unknown, *gold.cut):
            known &= ~_touches(places, *part)
        if not known.any():
            return None
        spans = []
        for number, label in enumerate(query.labels):
            for span in gold.spans.get(label, ()):
                tokens = np.flatnonzero(_touches(places, *span))
                spans.append((number, tokens[0], tokens[-1]))
        spans = np.array(spans, dtype=np.int64).reshape(-1, 3)
        return _tree(EncodedQuery(query, text), {"spans": spans, "known": known})

    def _extraction(
        self, encoded: EncodedQuery[TextSegments], pointers: Pointers
    ) -> Extraction:
        text, query = encoded.text, encoded.query
        places = _places(text)
        mentions: list[Mention] = []
        counts = {}
        for label, log_odds in zip(query.labels, pointers.spans, strict=True):
            found = [
                (start, end, score)
                for start, end, score in _spans(log_odds, places, self.threshold)
            ]
            counts[label] = len(found)
            mentions += [
                Mention(
                    label,
                    query.text[start:end],
                    index,
                    logprob=math.log(score),
                    start=start,
                )
                for index, (start, end, score) in enumerate(sorted(found), start=1)
            ]
        if not np.isfinite(pointers.spans).all():
            raise ValueError(Errors.E511.format(begin=query.text[:60]))
        return Extraction(tuple(mentions), counts)


def _tree(
    encoded: EncodedQuery[TextSegments], gold: Mapping[str, np.ndarray] | None = None
) -> PointerTree:
    text = encoded.text
    first = len(text.prompt) - len(text.segment("\n")) - text.n_tokens
    return pack_pointers(
        text.prompt,
        range(first, first + text.n_tokens),
        [text.segment(name + ":") for name in encoded.query.labels.values()],
        prefix=text.prefix,
        gold=gold,
    )


def _places(text: TextSegments) -> np.ndarray:
    """The characters [tokens, 2] of the text's tokens, from the start to the end."""
    offsets = np.array(text.encoded.offsets, dtype=np.int64).reshape(-1, 2)
    return offsets - text.shift


def _touches(places: np.ndarray, start: int, end: int) -> np.ndarray:
    """Which tokens have one of the characters `start` to `end`."""
    return (places[:, 0] < end) & (places[:, 1] > start)


def _spans(
    log_odds: np.ndarray, places: np.ndarray, threshold: float
) -> list[tuple[int, int, float]]:
    """The mentions of a label as characters and scores.

    log_odds: [tokens, tokens]. A mention does not begin or end inside of a character,
    or with whitespace.
    """
    is_blank = places[:, 0] >= places[:, 1]
    starts = ~is_blank & np.append(True, places[1:, 0] >= places[:-1, 1])
    ends = ~is_blank & np.append(places[:-1, 1] <= places[1:, 0], True)
    least = math.log(threshold / (1 - threshold)) if 0 < threshold < 1 else -math.inf
    possible = np.triu(log_odds >= least) & starts[:, None] & ends
    return [
        (int(places[first, 0]), int(places[last, 1]), _share(log_odds[first, last]))
        for first, last in np.argwhere(possible)
    ]


def _share(log_odds: float) -> float:
    """The probability of log-odds, above 0 so that it has a logarithm."""
    return max(1 / (1 + math.exp(-max(float(log_odds), -700.0))), 1e-300)
