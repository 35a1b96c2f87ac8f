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
from ..trees.pointers import GoldPointers, PointerTree, pack_pointers
from ..types import Mention, PromptTokenizer
from .base import EncodedQuery, Extraction, GoldText, Query
from .segments import TextSegments


def build_pointer_v1(*, threshold: float = 0.4, size: int = 128) -> "Pointer":
    """The Pointer format: `{text}\\n{name}:` for each label. All tokens of the text see
    each other.

    threshold: the least score of a mention, 0 to 1, see `find_spans`.
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
            self._extraction(one, log_odds)
            for one, log_odds in zip(encoded, scored, strict=True)
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
        self, encoded: EncodedQuery[TextSegments], log_odds: np.ndarray
    ) -> Extraction:
        text, query = encoded.text, encoded.query
        if not np.isfinite(log_odds).all():
            raise ValueError(Errors.E511.format(begin=query.text[:60]))
        places = _places(text)
        mentions: list[Mention] = []
        counts = {}
        for label, roles in zip(query.labels, log_probabilities(log_odds), strict=True):
            found = find_spans(roles, *_borders(places), self.threshold)
            counts[label] = len(found)
            for index, (first, last, logprob) in enumerate(found, start=1):
                start, end = places[first, 0], places[last, 1]
                mention = query.text[start:end]
                mentions.append(
                    Mention(label, mention, index, logprob, start=int(start))
                )
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


def _borders(places: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Where a mention may start and end, bool [tokens] each: not inside of a character,
    and not with whitespace."""
    is_blank = places[:, 0] >= places[:, 1]
    is_whole = places[:-1, 1] <= places[1:, 0]
    return ~is_blank & np.append(True, is_whole), ~is_blank & np.append(is_whole, True)


def log_probabilities(log_odds: np.ndarray) -> np.ndarray:
    """The logarithms of probabilities, float64."""
    return -np.logaddexp(0.0, -log_odds.astype(np.float64))


def find_spans(
    roles: np.ndarray, may_start: np.ndarray, may_end: np.ndarray, threshold: float
) -> list[tuple[int, int, float]]:
    """The mentions of a label: first and last token, and the logarithm of the score, in
    text order.

    roles: [tokens, 3], log-probabilities that a mention starts, ends, goes on there.

    The score is the geometric mean of the probabilities that the mention starts and
    ends at its borders, and of the least probable token in between. Mentions that
    share both borders with better ones, or cross a better one, are left out: of two
    that are nested, the borders could also be read as two that cross.
    """
    least = math.log(threshold) if threshold > 0 else -math.inf
    starts, ends, goes_on = roles.T
    found = []
    # each mean has three factors of at most 1, so none may be below threshold ** 3
    for first in np.flatnonzero(may_start & (starts >= 3 * least)):
        inner = np.minimum.accumulate(goes_on[first + 1 :])
        scores = np.append(
            (starts[first] + ends[first]) / 2,
            (starts[first] + ends[first + 1 :] + inner) / 3,
        )
        for offset in np.flatnonzero(may_end[first:] & (scores >= least)):
            last = first + offset
            found.append((int(first), int(last), float(scores[offset])))
    found.sort(key=lambda span: (-span[2], span[1] - span[0]))
    kept: list[tuple[int, int, float]] = []
    firsts: set[int] = set()
    lasts: set[int] = set()
    for span in found:
        is_new = span[0] not in firsts or span[1] not in lasts
        if is_new and not any(_crosses(span, better) for better in kept):
            kept.append(span)
            firsts.add(span[0])
            lasts.add(span[1])
    return sorted(kept)


def _crosses(one: tuple[int, int, float], other: tuple[int, int, float]) -> bool:
    """Whether two spans overlap, and neither contains the other."""
    first, second = sorted((one[:2], other[:2]))
    return first[0] < second[0] <= first[1] < second[1]
