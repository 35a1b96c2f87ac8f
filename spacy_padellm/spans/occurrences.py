"""Further occurrences of strings that were found."""

import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, TypeAlias

from ..types import LabelledSpan
from .normalised import normal_form

if TYPE_CHECKING:
    from spacy.tokens import Doc

# The tokens of a string, without whitespace tokens.
Words: TypeAlias = tuple[str, ...]


def other_occurrences(
    doc: "Doc",
    spans: Sequence[LabelledSpan],
    *,
    taken: Iterable[LabelledSpan] = (),
) -> list[tuple[LabelledSpan, LabelledSpan]]:
    """The occurrences of the spans' strings on tokens that no span has, in text order.

    taken: further spans whose tokens are not searched.

    Each is a pair of the span with that string, and a span there with its label and
    score. If spans with the same string have different labels, the one with the highest
    rank is taken. Whole tokens are compared, in the form that models read. Whitespace
    and invisible marks may differ. Longer strings come first.
    """
    sources: dict[Words, LabelledSpan] = {}
    for span in sorted(spans, key=lambda span: (-span.rank, span.start)):
        words = tuple(word for _, word in _words(doc, range(span.start, span.end)))
        sources.setdefault(words, span)
    by_first: dict[str, list[Words]] = defaultdict(list)
    for words in sorted(filter(None, sources), key=len, reverse=True):
        by_first[words[0]].append(words)
    occupied = {i for span in (*spans, *taken) for i in range(span.start, span.end)}
    tokens = _words(doc, range(len(doc)))
    found = []
    for at, (start, word) in enumerate(tokens):
        for words in by_first.get(word, ()):
            part = tokens[at : at + len(words)]
            if tuple(word for _, word in part) != words:
                continue
            place = range(start, part[-1][0] + 1)
            if occupied.isdisjoint(place):
                source = sources[words]
                copy = LabelledSpan(
                    place.start, place.stop, source.label, source.score, source.weight
                )
                found.append((source, copy))
                occupied.update(place)
                break
    return found


def _words(doc: "Doc", tokens: range) -> list[tuple[int, str]]:
    """The tokens without whitespace tokens: their numbers and texts, without invisible
    marks such as those of a direction."""
    return [(i, _visible(doc[i].text)) for i in tokens if not doc[i].is_space]


def _visible(word: str) -> str:
    shown = "".join(char for char in word if unicodedata.category(char) != "Cf")
    return normal_form(shown or word)
