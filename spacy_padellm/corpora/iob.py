"""spaCy's `iob` format: lines of sentences with word|tag or word|POS|tag tokens."""

from collections.abc import Iterator
from pathlib import Path

from .base import AnnotatedText, ReadReport
from .lines import read_lines
from .script import joiner_of
from .tags import TAG, guess_scheme, read_tags


def is_iob(lines: list[tuple[int, str]]) -> bool:
    """Return whether the lines have this format: tokens that end with | and a tag."""
    tokens = [token for _, line in lines for token in line.split()]
    hits = sum(TAG.fullmatch(token.rpartition("|")[2]) is not None for token in tokens)
    return bool(tokens) and hits >= 0.99 * len(tokens)


def read_iob(
    path: Path, report: ReadReport, *, joiner: str | None = None
) -> Iterator[AnnotatedText]:
    """Yield one text per line. Lines with an untagged token are skipped and reported.

    joiner: the string between tokens, " " or "". It is guessed if None.
    """
    rows = [(n, line.split()) for n, line in read_lines(path, report) if line.strip()]
    bars = [token.count("|") for _, row in rows for token in row]
    # the word itself may contain a bar: a|b|O
    parts = 2 if sum(n >= 2 for n in bars) >= 0.99 * len(bars) else 1
    sentences = []
    for number, row in rows:
        tokens = [token.rsplit("|", parts) for token in row]
        bad = next((t for t in tokens if not _is_tagged(t, parts)), None)
        if bad is not None:
            report.lose(number, "sentence with a bad token", repr("|".join(bad)))
        else:
            words = [token[0] for token in tokens]
            sentences.append((number, words, [token[-1] for token in tokens]))
    scheme = guess_scheme(tags for _, _, tags in sentences)
    if joiner is None:
        joiner = joiner_of(word for _, words, _ in sentences for word in words)
    for number, words, tags in sentences:
        spans, repairs = read_tags(tags, scheme)
        for i, kind in repairs:
            report.repair(number, kind, f"{words[i]} {tags[i]}")
        spaces = [bool(joiner)] * len(words)
        text = AnnotatedText.from_words(words, spans, spaces, line=number)
        yield report.count(text)


def _is_tagged(token: list[str], parts: int) -> bool:
    whole = len(token) == parts + 1 and bool(token[0])
    return whole and TAG.fullmatch(token[-1]) is not None
