"""Pointer: each label is compared with the text's own tokens, in one pass.

At the last token of a label's branch, learned projections of the hidden state are
compared with those of the text's tokens. Nothing is generated, so nothing has to be
found again in the text.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import chain
from typing import ClassVar

import numpy as np

from ..adapters.card import HeadCard
from ..engines.base import Session
from ..errors import Errors
from ..settings import check_positive, check_share, check_thresholds
from ..trees.pointers import GoldPointers, PointerTree
from ..types import LabelNames, Mention, PromptTokenizer, TokenIds
from .base import Calibration, EncodedQuery, Extraction, GoldText, Query
from .breadth import remember, weigh
from .find_spans import find_spans, probabilities
from .label_reading import LABEL_READINGS, LabelReading, Labels
from .segments import TextSegments

THRESHOLD = 0.35
# For a new adapter.
LABELS = "once"
# Where the breadths of labels are measured, whatever the threshold is. The cards of the
# shipped adapters have breadths that were measured with this value.
BREADTH_THRESHOLD = 0.35


def build_pointer_v1(
    *,
    labels: str | None = None,
    threshold: float = THRESHOLD,
    thresholds: dict[str, float] | None = None,
    size: int = 128,
    prefer_narrow: float = 0.4,
) -> "Pointer":
    """The Pointer format. All tokens of the text see each other.

    labels: what a label, `{name}:`, sees. "once": its name, with a description, sees
        nothing and is computed once for all texts; its last token sees name and text.
        "behind": each of its tokens sees the text, as `{text}\\n{name}:`. "alone": none
        does, so hundreds of labels cost nothing, and find less. None: as the adapter
        was trained, and "once" for a new one.
    threshold: the least score of a mention, 0 to 1, see `find_spans`.
    thresholds: label → threshold; other labels have `threshold`.
    size: of the learned projections of a new adapter.
    prefer_narrow: where mentions of two labels overlap, how much narrow labels are
        preferred to broad ones, such as "politician" to "person": the score of a
        mention is divided by its label's breadth to this power. The breadth is computed
        once for each label, by `warm_up` or when the label first competes with
        another. 0: the higher score wins.

    Raises ValueError for a value that is not allowed.
    """
    if labels is not None and labels not in LABEL_READINGS:
        raise ValueError(Errors.E513.format(value=labels))
    check_share(threshold=threshold, prefer_narrow=prefer_narrow)
    thresholds = dict(thresholds or {})
    check_thresholds(thresholds)
    check_positive(size=size)
    return Pointer(threshold, size, labels, prefer_narrow, thresholds)


@dataclass(frozen=True, slots=True)
class Pointer:
    """One pass, in which all labels are asked. See `build_pointer_v1`."""

    threshold: float = THRESHOLD
    size: int = 128
    labels: str | None = None
    prefer_narrow: float = 0.4
    thresholds: Mapping[str, float] = field(default_factory=dict, hash=False)
    prefix_lm: ClassVar[bool] = True
    calibration: ClassVar[Calibration] = Calibration(
        "threshold",
        check=lambda value: check_share(threshold=value),
        values=(0.6, 0.5, 0.45, 0.4, 0.35, 0.3, 0.25, 0.2, 0.15),
        by_label=True,
    )

    @property
    def name(self) -> str:
        return self._reading.format_name

    @property
    def head(self) -> HeadCard:
        return HeadCard(size=self.size)

    def as_trained(self, name: str) -> "Pointer":
        """The format for an adapter with this name of a format in its card."""
        if self.labels is None:
            for labels, reading in LABEL_READINGS.items():
                if reading.format_name == name:
                    return replace(self, labels=labels)
        return self

    def label_tokens(self, labels: LabelNames) -> int:
        return self._reading.estimated_tokens(labels)

    def encode(
        self, query: Query, tokenizer: PromptTokenizer
    ) -> EncodedQuery[TextSegments]:
        text = TextSegments(query.text, tokenizer, prefix_lm=True, cuts=())
        return EncodedQuery(query, text)

    def prepare(
        self, labels: LabelNames, tokenizer: PromptTokenizer, session: Session
    ) -> None:
        """Measure the breadths of labels that may compete."""
        if self.prefer_narrow and len(labels) > 1:
            find = partial(self._find_for_breadth, session, tokenizer)
            remember(set(labels.values()), find, known=session.breadths)

    def extract(
        self, encoded: Sequence[EncodedQuery[TextSegments]], session: Session
    ) -> list[Extraction]:
        found = self._find(encoded, session)
        if not self.prefer_narrow or not encoded:
            return found
        return weigh(
            [one.query.labels for one in encoded],
            found,
            partial(self._find_for_breadth, session, encoded[0].text.tokenizer),
            known=session.breadths,
            power=-self.prefer_narrow,
        )

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
        if not (known & (places[:, 0] < places[:, 1])).any():
            return None
        spans = []
        for number, label in enumerate(query.labels):
            for span in gold.spans.get(label, ()):
                tokens = np.flatnonzero(_touches(places, *span))
                if len(tokens):  # whitespace has none
                    spans.append((number, tokens[0], tokens[-1]))
        spans = np.array(spans, dtype=np.int64).reshape(-1, 3)
        teaches = {"spans": spans, "known": known}
        branches = _branches(text, query.labels.values())
        labels = self._reading.together(text, branches)
        return self._reading.tree(text, labels, teaches)

    @property
    def _reading(self) -> LabelReading:
        return LABEL_READINGS[self.labels or LABELS]

    def _find(
        self, encoded: Sequence[EncodedQuery[TextSegments]], session: Session
    ) -> list[Extraction]:
        """The mentions of each text, in one pass."""
        trees = self._trees(encoded)
        scored = iter(session.score([*chain(*trees)]))
        return [
            self._extraction(one, np.concatenate([next(scored) for _ in parts]))
            for one, parts in zip(encoded, trees, strict=True)
        ]

    def _find_for_breadth(
        self, session: Session, tokenizer: PromptTokenizer, queries: Sequence[Query]
    ) -> list[Extraction]:
        """The mentions at the threshold for breadths."""
        format = replace(self, threshold=BREADTH_THRESHOLD, thresholds={})
        encoded = [format.encode(query, tokenizer) for query in queries]
        return format._find(encoded, session)

    def _trees(
        self, encoded: Sequence[EncodedQuery[TextSegments]]
    ) -> list[list[PointerTree]]:
        """The trees of each text: one, or several that share its labels."""
        known: dict[tuple[str, ...], list[Labels]] = {}
        trees = []
        for one in encoded:
            text, names = one.text, tuple(one.query.labels.values())
            if names not in known:
                known[names] = self._reading.parts(text, _branches(text, names))
            trees.append([self._reading.tree(text, part) for part in known[names]])
        return trees

    def _extraction(
        self, encoded: EncodedQuery[TextSegments], log_odds: np.ndarray
    ) -> Extraction:
        text, query = encoded.text, encoded.query
        if not np.isfinite(log_odds).all():
            raise ValueError(Errors.E511.format(begin=query.text[:60]))
        places = _places(text)
        borders = _borders(places)
        mentions: list[Mention] = []
        counts = {}
        for label, roles in zip(query.labels, probabilities(log_odds), strict=True):
            threshold = self.thresholds.get(label, self.threshold)
            found = find_spans(roles, *borders, threshold)
            counts[label] = len(found)
            for index, (first, last, score) in enumerate(found, start=1):
                start, end = places[first, 0], places[last, 1]
                mention = query.text[start:end]
                mentions.append(
                    Mention(label, mention, index, math.log(score), start=int(start))
                )
        return Extraction(tuple(mentions), counts)


def _branches(text: TextSegments, names: Iterable[str]) -> list[TokenIds]:
    """What follows for each label."""
    return [text.segment(name + ":") for name in names]


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
