"""Texts with a tag for each token, which several data formats have."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from ..errors import Errors
from .base import AnnotatedText, ReadReport
from .script import joiner_of
from .tags import (
    FURTHER_LAYER,
    Scheme,
    guess_scheme,
    has_no_labels,
    is_layered,
    read_tags,
    standard,
)


class TaggedText(NamedTuple):
    """A text as tokens.

    tags: of the tokens, as the file writes them; "" for a token without annotation.
    lines: of the tokens.
    spaces: whether a space follows each token; None if unknown.
    """

    words: Sequence[str]
    tags: Sequence[str]
    lines: Sequence[int]
    document: str = ""
    spaces: list[bool] | None = None


def read_tagged(
    path: Path,
    texts: Sequence[TaggedText],
    report: ReadReport,
    *,
    scheme: Scheme | None = None,
    joiner: str | None = None,
) -> Iterator[AnnotatedText]:
    """Yield the texts of a file with the spans that their tags say. Tokens without
    annotation are unknown.

    scheme, joiner: as in `read_columns`.

    Raises ValueError (E223) if the tags are B and I without a label.
    """
    known = {tag for text in texts for tag in text.tags if tag}
    if has_no_labels(known):
        raise ValueError(Errors.E223.format(path=path, line=texts[0].lines[0]))
    read = {"": "O", **standard(known)}
    tagged = [[read[tag] for tag in text.tags] for text in texts]
    scheme = scheme or guess_scheme(tagged)
    if joiner is None:
        joiner = joiner_of(word for text in texts for word in text.words)
    for text, tags in zip(texts, tagged, strict=True):
        spans, repairs = read_tags(tags, scheme)
        for i, kind in repairs:
            report.repair(text.lines[i], kind, f"{text.words[i]} {tags[i]}")
        for line, word, tag in zip(text.lines, text.words, text.tags, strict=True):
            if is_layered(tag):
                report.skip(line, FURTHER_LAYER, f"{word} {tag}")
        unknown = [(i, i + 1, "") for i, tag in enumerate(text.tags) if not tag]
        spaces = text.spaces or [bool(joiner)] * len(text.words)
        details = {"document": text.document, "line": text.lines[0]}
        yield report.count(
            AnnotatedText.from_words(text.words, spans, spaces, unknown, **details)
        )


def real_spaces(words: Sequence[str], text: str) -> list[bool] | None:
    """Return whether a space follows each word in `text`. None if they do not match."""
    spaces, at = [], 0
    for word in words:
        if not text.startswith(word, at):
            return None
        at += len(word)
        rest = text[at:].lstrip()
        spaces.append(len(rest) < len(text) - at)
        at = len(text) - len(rest)
    return spaces if at == len(text) else None
