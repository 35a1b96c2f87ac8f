"""DocRED and Re-DocRED: a JSON list of documents with `sents` and `vertexSet`."""

from collections.abc import Iterator
from pathlib import Path

from ..errors import Errors
from .base import AnnotatedText, ReadReport
from .json_values import read_json_items


def read_docred(path: Path, report: ReadReport) -> Iterator[AnnotatedText]:
    """Yield one text per sentence. `document` is the title of its document.

    Duplicate mentions are merged. Mentions outside of their sentence are skipped and
    reported. Raises ValueError if the file is not a JSON list of such documents.
    """
    try:
        for line, document in read_json_items(path, report):
            yield from map(report.count, _sentences(document, line, report))
    except (KeyError, TypeError, AttributeError) as error:
        why = f"not a list of documents with sents and vertexSet ({error!r})"
        raise ValueError(
            Errors.E204.format(path=path, line=line, format=report.format, why=why)
        ) from error


def _sentences(document: dict, line: int, report: ReadReport) -> list[AnnotatedText]:
    sentences: list[list[str]] = document["sents"]
    title = document.get("title") or str(line)
    spans: list[set[tuple[int, int, str]]] = [set() for _ in sentences]
    for mention in (m for vertex in document["vertexSet"] for m in vertex):
        (start, end), sent, label = mention["pos"], mention["sent_id"], mention["type"]
        where = f"document {title}, sentence {sent}, tokens {start}-{end}"
        if not 0 <= sent < len(sentences) or not (
            0 <= start < end <= len(sentences[sent])
        ):
            report.skip(line, "entity outside the text", where)
        elif not isinstance(label, str) or not label:
            report.skip(line, "entity without a label", where)
        elif (start, end, label) in spans[sent]:
            report.repair(line, "entity listed twice", where)
        else:
            spans[sent].add((start, end, label))
    return [
        AnnotatedText.from_words(words, spans[i], document=title, line=line)
        for i, words in enumerate(sentences)
        if words
    ]
