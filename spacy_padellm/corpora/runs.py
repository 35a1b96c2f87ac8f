"""Join consecutive sentences of a document to longer texts."""

import sys
from collections.abc import Iterable, Iterator, Sequence
from itertools import cycle, groupby

from .base import AnnotatedText, Entity


def join(texts: Sequence[AnnotatedText], joiner: str = " ") -> AnnotatedText:
    """Join texts; empty ones are left out. The document, line and labels are those of
    the first text. The result has words if all texts have words.

    joiner: the string between texts, " " or "".
    """
    texts = [text for text in texts if text.text] or texts[:1]
    pieces, entities, unknown, words, spaces, at = [], [], [], [], [], 0
    for i, text in enumerate(texts):
        last = i == len(texts) - 1
        piece = text.text if last else text.text + joiner
        entities += [Entity(e.start + at, e.end + at, e.label) for e in text.entities]
        unknown += [Entity(e.start + at, e.end + at, e.label) for e in text.unknown]
        words += text.words or ()
        spaces += [*(text.spaces or ())[:-1], bool(joiner) and not last]
        pieces.append(piece)
        at += len(piece)
    tokenised = all(text.words is not None for text in texts)
    return AnnotatedText(
        "".join(pieces),
        tuple(sorted(entities)),
        tuple(words) if tokenised else None,
        tuple(spaces) if tokenised else None,
        texts[0].labels,
        texts[0].document,
        texts[0].line,
        tuple(unknown),
    )


def runs(
    texts: Iterable[AnnotatedText],
    max_words: int = sys.maxsize,
    *,
    max_chars: int = sys.maxsize,
    lengths: Iterable[int] | None = None,
    joiner: str = " ",
) -> Iterator[AnnotatedText]:
    """Join consecutive texts of a document that are annotated for the same labels.

    A run has at most `max_words` words and `max_chars` characters. Longer texts are not
    joined. Texts whose document is unknown count as texts of one document.

    lengths: the maximum number of texts in each run. The lengths are repeated as often
        as needed. None sets no limit.
    """
    wanted = cycle(lengths if lengths is not None else [sys.maxsize])
    for _, group in groupby(texts, key=lambda text: (text.document, text.labels)):
        run: list[AnnotatedText] = []
        size, chars, limit = 0, 0, next(wanted)
        for text in group:
            words = (
                len(text.words) if text.words is not None else len(text.text.split())
            )
            full = len(run) == limit or size + words > max_words
            if run and (full or chars + len(text.text) > max_chars):
                yield join(run, joiner)
                run, size, chars, limit = [], 0, 0, next(wanted)
            run.append(text)
            size += words
            chars += len(text.text) + len(joiner)
        yield join(run, joiner)
