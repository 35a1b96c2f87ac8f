"""The JSON lines of DyGIE++ and PURE, which are common for ACE and GENIA:

    {"doc_key": "a", "sentences": [["Ada", "left"], ["Rome", "fell"]],
     "ner": [[[0, 0, "PER"]], [[2, 2, "GPE"]]]}

Offsets are tokens of the whole document, end inclusive.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .base import AnnotatedText, ReadReport
from .json_values import read_json_items
from .script import joiner_of


def read_dygie(
    path: Path, report: ReadReport, *, joiner: str | None = None
) -> Iterator[AnnotatedText]:
    """Yield one text per sentence. `document` is the doc_key.

    joiner: the string between tokens, " " or "". It is guessed if None.
    Documents with another structure, and entities outside of their sentence, are
    skipped and reported.
    """
    for line, value in read_json_items(path, report):
        sentences = value.get("sentences") if isinstance(value, dict) else None
        if not _are_sentences(sentences):
            report.lose(line, "no sentences of tokens", repr(value)[:60])
            continue
        ner = value.get("ner")
        if not isinstance(ner, list) or len(ner) != len(sentences):
            kind = "ner is not a list for each sentence"
            report.lose(line, kind, str(value.get("doc_key", ""))[:60])
            continue
        if joiner is None:
            joiner = joiner_of(word for words in sentences for word in words)
        first = 0
        for words, mentions in zip(sentences, ner, strict=True):
            if words:
                spans = _spans(mentions, first, len(words), line, report)
                yield report.count(
                    AnnotatedText.from_words(
                        words,
                        spans,
                        [bool(joiner)] * len(words),
                        document=str(value.get("doc_key", "")),
                        line=line,
                    )
                )
            first += len(words)


def _are_sentences(value: Any) -> bool:
    return isinstance(value, list) and all(
        isinstance(words, list) and all(isinstance(w, str) and w for w in words)
        for words in value
    )


def _spans(
    mentions: Any, first: int, size: int, line: int, report: ReadReport
) -> set[tuple[int, int, str]]:
    spans = set()
    for mention in mentions if isinstance(mentions, list) else [mentions]:
        where = f"{mention}, its sentence has tokens {first} to {first + size - 1}"
        try:
            start, end, label = mention[:3]  # predictions add a score
            numbers = isinstance(start, int) and isinstance(end, int)
            inside = numbers and first <= start <= end < first + size
        except (TypeError, ValueError):
            report.skip(line, "entity is not [start, end, label]", repr(mention)[:60])
            continue
        if not isinstance(label, str) or not label:
            report.skip(line, "entity without a label", where)
        elif not inside:
            report.skip(line, "entity outside its sentence", where)
        elif (span := (start - first, end + 1 - first, label)) in spans:
            report.repair(line, "entity listed twice", where)
        else:
            spans.add(span)
    return spans
