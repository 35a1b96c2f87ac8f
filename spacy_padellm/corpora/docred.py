"""DocRED and Re-DocRED: one JSON list of documents with `sents` and `vertexSet`."""

from collections.abc import Iterator
from pathlib import Path

from ..errors import Errors
from .base import AnnotatedText, ReadReport
from .lines import read_json


def read_docred(path: Path, report: ReadReport) -> Iterator[AnnotatedText]:
    """One text a sentence; its `document` is the title of the DocRED document.

    A mention that is listed twice counts once. Mentions whose offsets are outside
    their sentence are reported and skipped.
    ValueError: not JSON, or not a list of such documents.
    """
    try:
        for number, document in enumerate(read_json(path, report), 1):
            yield from map(report.count, _sentences(document, number, report))
    except (KeyError, TypeError, AttributeError) as error:
        why = f"not a list of documents with sents and vertexSet ({error!r})"
        raise ValueError(
            Errors.E204.format(path=path, line=1, format=report.format, why=why)
        ) from error


def _sentences(document: dict, number: int, report: ReadReport) -> list[AnnotatedText]:
    sentences: list[list[str]] = document["sents"]
    title = document.get("title") or str(number)
    spans: list[set[tuple[int, int, str]]] = [set() for _ in sentences]
    for mention in (m for vertex in document["vertexSet"] for m in vertex):
        (start, end), sent, label = mention["pos"], mention["sent_id"], mention["type"]
        where = f"document {number} ({title}), sentence {sent}, tokens {start}-{end}"
        if not 0 <= sent < len(sentences) or not (
            0 <= start < end <= len(sentences[sent])
        ):
            report.skip(1, "entity outside the text", where)
        elif (start, end, label) in spans[sent]:
            report.repair(1, "entity listed twice", where)
        else:
            spans[sent].add((start, end, label))
    return [
        AnnotatedText.from_words(words, spans[i], document=title, line=1)
        for i, words in enumerate(sentences)
        if words
    ]
