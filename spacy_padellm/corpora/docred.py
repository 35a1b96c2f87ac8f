"""DocRED and Re-DocRED: a JSON list of documents with `sents` and `vertexSet`."""

from collections.abc import Iterator
from pathlib import Path

from ..errors import Errors
from .base import AnnotatedText, ReadReport
from .json_values import read_json_items
from .mentions import Claim, place_tokens


def read_docred(path: Path, report: ReadReport) -> Iterator[AnnotatedText]:
    """Yield one text per sentence. `document` is the title of its document.

    Duplicate mentions are merged. Mentions outside of their sentence are skipped and
    reported, and the annotation of the sentence is unknown, or of all sentences if it
    does not exist. Raises ValueError if the file is not a JSON list of such documents.
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
    claims: list[list[Claim]] = [[] for _ in sentences]
    nowhere: set[str] = set()
    for mention in (m for vertex in document["vertexSet"] for m in vertex):
        pos, sent, label = (mention.get(key) for key in ("pos", "sent_id", "type"))
        is_pair = isinstance(pos, list) and len(pos) == 2
        start, end = pos if is_pair else (None, None)
        if isinstance(sent, int) and 0 <= sent < len(sentences):
            claims[sent].append(Claim(start, end, label))
        else:
            where = f"document {title}, sentence {sent} of {len(sentences)}"
            report.lose_entity(line, "entity outside the text", where)
            nowhere.add(label if isinstance(label, str) else "")
    texts = []
    for i, words in enumerate(sentences):
        if words:
            where = f"document {title}, sentence {i}: "
            placed = place_tokens(report, line, len(words), claims[i], where)
            placed["unknown"] |= {(0, len(words), label) for label in nowhere}
            details = {"document": title, "line": line}
            texts.append(AnnotatedText.from_words(words, **placed, **details))
    return texts
