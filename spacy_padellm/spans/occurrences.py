"""Further occurrences of strings that were found."""

import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from ..types import LabelledSpan
from .normalised import normal_form

if TYPE_CHECKING:
    from spacy.tokens import Doc

# The tokens of a string, without whitespace tokens.
Words: TypeAlias = tuple[str, ...]


class Occurrence(NamedTuple):
    """source: the index of the span with the string. copy: a span with its label and
    score where the string stands again. inner: the indices of other spans there."""

    source: int
    copy: LabelledSpan
    inner: tuple[int, ...]


def other_occurrences(
    doc: "Doc",
    spans: Sequence[LabelledSpan],
    *,
    taken: Iterable[LabelledSpan] = (),
) -> list[Occurrence]:
    """The occurrences of the spans' strings, in text order. No other span has their
    tokens, unless it is a part of the string: a model may find "Merkel" alone where
    "Angela Merkel" stands again.

    taken: further spans whose tokens are not searched.

    If spans with the same string have different labels, the one with the highest
    rank is taken. Whole tokens are compared, in the form that models read. Whitespace
    and invisible marks may differ. Longer strings come first.
    """
    sources: dict[Words, int] = {}
    for number in sorted(
        range(len(spans)), key=lambda number: (-spans[number].rank, spans[number].start)
    ):
        tokens = range(spans[number].start, spans[number].end)
        words = tuple(word for _, word in _words(doc, tokens))
        sources.setdefault(words, number)
    by_first: dict[str, list[Words]] = defaultdict(list)
    for words in sorted(filter(None, sources), key=len, reverse=True):
        by_first[words[0]].append(words)
    blocked = {i for span in taken for i in range(span.start, span.end)}
    owners = {
        i: number
        for number, span in enumerate(spans)
        for i in range(span.start, span.end)
    }
    tokens = _words(doc, range(len(doc)))
    found = []
    for at, (start, word) in enumerate(tokens):
        for words in by_first.get(word, ()):
            part = tokens[at : at + len(words)]
            if tuple(word for _, word in part) != words:
                continue
            place = range(start, part[-1][0] + 1)
            inner = dict.fromkeys(owners[i] for i in place if i in owners)
            source = spans[sources[words]]
            gives_way = (_gives_way(spans[number], source, place) for number in inner)
            if blocked.isdisjoint(place) and all(gives_way):
                copy = LabelledSpan(
                    place.start, place.stop, source.label, source.score, source.weight
                )
                found.append(Occurrence(sources[words], copy, tuple(inner)))
                blocked.update(place)
                break
    return found


def _gives_way(span: LabelledSpan, source: LabelledSpan, place: range) -> bool:
    """Whether a span is inside of a place, and shorter, and no better than the source
    if that has another label."""
    inside = place.start <= span.start and span.end <= place.stop
    is_part = inside and span.end - span.start < len(place)
    return is_part and (span.label == source.label or span.rank <= source.rank)


def _words(doc: "Doc", tokens: range) -> list[tuple[int, str]]:
    """The tokens without whitespace tokens: their numbers and texts, without invisible
    marks such as those of a direction."""
    return [(i, _visible(doc[i].text)) for i in tokens if not doc[i].is_space]


def _visible(word: str) -> str:
    shown = "".join(char for char in word if not _is_invisible(char))
    return normal_form(shown or word)


def _is_invisible(char: str) -> bool:
    """Also what chooses between forms of an emoji."""
    return unicodedata.category(char) == "Cf" or "\ufe00" <= char <= "\ufe0f"
