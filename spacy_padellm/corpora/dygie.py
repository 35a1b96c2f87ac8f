"""The JSON lines of DyGIE++ and PURE, which are common for ACE and GENIA:

    {"doc_key": "a", "sentences": [["Ada", "left"], ["Rome", "fell"]],
     "ner": [[[0, 0, "PER"]], [[2, 2, "GPE"]]]}

Offsets are tokens of the whole document, end inclusive.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .base import AnnotatedText, ReadReport
from .claims import Claim
from .json_values import read_json_items
from .mentions import place_tokens
from .missing import are_words
from .script import joiner_of


def read_dygie(
    path: Path, report: ReadReport, *, joiner: str | None = None
) -> Iterator[AnnotatedText]:
    """Yield one text per sentence. `document` is the doc_key.

    joiner: the string between tokens, " " or "". It is guessed if None.
    Documents with another structure, and entities outside of their sentence, are
    skipped and reported. The annotation of such a sentence is unknown.
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
        document, first = str(value.get("doc_key", "")), 0
        lists = [m if isinstance(m, list) else [m] for m in ner]
        elsewhere = _elsewhere(sentences, lists)
        for words, mentions in zip(sentences, lists, strict=True):
            end = first + len(words)
            if words:
                claims = [_claim(mention, first, len(words)) for mention in mentions]
                where = f"document {document}, tokens {first} to {end - 1}: "
                placed = place_tokens(report, line, len(words), claims, where)
                placed["unknown"] |= {
                    (max(start - first, 0), min(stop, end) - first, "")
                    for start, stop in elsewhere
                    if start < end and first < stop
                }
                details = {"document": document, "line": line}
                spaces = [bool(joiner)] * len(words)
                yield report.count(
                    AnnotatedText.from_words(words, spaces=spaces, **placed, **details)
                )
            first = end


def _are_sentences(value: Any) -> bool:
    return isinstance(value, list) and all(are_words(words) for words in value)


def _claim(mention: Any, first: int, size: int) -> Claim:
    """Return an entity with offsets in its sentence, which has `size` tokens from
    `first` on."""
    try:
        start, end, label = mention[:3]  # predictions add a score
    except (TypeError, ValueError, KeyError):
        fault = "entity is not [start, end, label]"
        return Claim(None, None, None, repr(mention)[:60], fault)
    inside = _are_offsets(start, end) and first <= start <= end < first + size
    if not inside:
        fault = "entity outside its sentence"
        return Claim(None, None, label, repr(mention)[:60], fault)
    return Claim(start - first, end + 1 - first, label)


def _elsewhere(sentences: list[list[str]], ner: list[list]) -> list[tuple[int, int]]:
    """Return the tokens of entities that are not in the sentence that lists them."""
    found, first = [], 0
    for words, mentions in zip(sentences, ner, strict=True):
        for mention in mentions:
            offsets = mention[:2] if isinstance(mention, list) else []
            if _claim(mention, first, len(words)).fault and _are_offsets(*offsets):
                found.append((offsets[0], offsets[1] + 1))
        first += len(words)
    return found


def _are_offsets(*offsets: Any) -> bool:
    return len(offsets) == 2 and all(
        isinstance(n, int) and not isinstance(n, bool) for n in offsets
    )
