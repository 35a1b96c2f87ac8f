"""DocRED and Re-DocRED: a JSON list of documents with `sents` and `vertexSet`."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .base import AnnotatedText, ReadReport
from .claims import OUTSIDE, Claim
from .json_values import read_json_items
from .mentions import place_tokens
from .missing import are_words


def read_docred(path: Path, report: ReadReport) -> Iterator[AnnotatedText]:
    """Yield one text per sentence. `document` is the title of its document.

    Duplicate mentions are merged. Mentions that are malformed, or outside of their
    sentence, are skipped and reported. The annotation of the sentence is then unknown,
    or of all sentences if it does not exist. Documents with another structure are
    skipped and reported. Raises ValueError if the file is not valid JSON.
    """
    for line, document in read_json_items(path, report):
        if _is_document(document):
            yield from map(report.count, _sentences(document, line, report))
        else:
            kind = "not a document with sents and vertexSet"
            report.lose(line, kind, repr(document)[:60])


def _is_document(value: Any) -> bool:
    if not isinstance(value, dict) or not isinstance(value.get("vertexSet"), list):
        return False
    sentences = value.get("sents")
    return isinstance(sentences, list) and all(are_words(words) for words in sentences)


def _sentences(document: dict, line: int, report: ReadReport) -> list[AnnotatedText]:
    sentences: list[list[str]] = document["sents"]
    title = str(document.get("title") or line)
    claims: list[list[Claim]] = [[] for _ in sentences]
    nowhere: set[str] = set()
    for vertex in document["vertexSet"]:
        for mention in vertex if isinstance(vertex, list) else [vertex]:
            sentence, claim = _claim(mention)
            if sentence is not None and 0 <= sentence < len(sentences):
                claims[sentence].append(claim)
                continue
            what = claim.mention or f"sentence {sentence} of {len(sentences)}"
            where = f"document {title}, {what}"
            report.lose_entity(line, claim.fault or OUTSIDE, where)
            nowhere.add(claim.label if isinstance(claim.label, str) else "")
    texts = []
    for i, words in enumerate(sentences):
        if words:
            where = f"document {title}, sentence {i}: "
            placed = place_tokens(report, line, len(words), claims[i], where)
            placed["unknown"] |= {(0, len(words), label) for label in nowhere}
            details = {"document": title, "line": line}
            texts.append(AnnotatedText.from_words(words, **placed, **details))
    return texts


def _claim(mention: Any) -> tuple[int | None, Claim]:
    """Return the number of the mention's sentence, or None, and the mention."""
    values = mention if isinstance(mention, dict) else {}
    sentence, label = values.get("sent_id"), values.get("type")
    broken = Claim(None, None, label, repr(mention)[:60], "")
    if not isinstance(sentence, int) or isinstance(sentence, bool):
        return None, broken._replace(fault="mention without a sentence")
    try:
        start, end = values["pos"]
    except (KeyError, TypeError, ValueError):
        return sentence, broken._replace(fault="mention without a position")
    return sentence, Claim(start, end, label)
