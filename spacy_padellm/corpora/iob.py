"""spaCy's `iob` format: lines of sentences with word|tag or word|POS|tag tokens."""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from .base import AnnotatedText, ReadReport
from .lines import read_lines
from .missing import is_missing
from .tagged import TaggedText, read_tagged
from .tags import TAG, tag_pattern


def is_iob(lines: list[tuple[int, str]]) -> bool:
    """Return whether the lines have this format: tokens that end with | and a tag."""
    tokens = [token for _, line in lines for token in line.split()]
    return tag_pattern(_last_parts(tokens)) is not None


def read_iob(
    path: Path, report: ReadReport, *, joiner: str | None = None
) -> Iterator[AnnotatedText]:
    """Yield one text per line. Tokens with a missing value as their tag, such as NaN,
    are unknown. Lines with any other token that has no tag are skipped and reported.

    joiner: the string between tokens, " " or "". It is guessed if None. Errors: see
    `read_tagged`.
    """
    rows = [(n, line.split()) for n, line in read_lines(path, report) if line.strip()]
    bars = [token.count("|") for _, row in rows for token in row]
    # the word itself may contain a bar: a|b|O
    parts = 2 if sum(n >= 2 for n in bars) >= 0.99 * len(bars) else 1
    pattern = tag_pattern(_last_parts(token for _, row in rows for token in row)) or TAG
    texts = []
    for number, row in rows:
        tokens = [token.rsplit("|", parts) for token in row]
        bad = next((t for t in tokens if not _is_tagged(t, parts, pattern)), None)
        if bad is not None:
            report.lose(number, "sentence with a bad token", repr("|".join(bad)))
        else:
            words = [token[0] for token in tokens]
            tags = ["" if is_missing(token[-1]) else token[-1] for token in tokens]
            texts.append(TaggedText(words, tags, [number] * len(words)))
    yield from read_tagged(path, texts, report, joiner=joiner)


def _last_parts(tokens: Iterable[str]) -> list[str]:
    return [token.rpartition("|")[2] for token in tokens]


def _is_tagged(token: list[str], parts: int, pattern: re.Pattern) -> bool:
    whole = len(token) == parts + 1 and bool(token[0])
    return whole and (is_missing(token[-1]) or bool(pattern.fullmatch(token[-1])))
