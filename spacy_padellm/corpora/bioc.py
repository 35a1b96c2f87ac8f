"""BioC, as XML and as JSON: documents with passages and annotations.

    <document><id>10</id><passage><offset>20</offset><text>Ada left</text>
      <annotation id="1"><infon key="type">Person</infon>
        <location offset="20" length="3"/><text>Ada</text></annotation></passage>

    {"documents": [{"id": "10", "passages": [{"offset": 20, "text": "Ada left",
      "annotations": [{"infons": {"type": "Person"}, "text": "Ada",
        "locations": [{"offset": 20, "length": 3}]}]}]}]}

Offsets are characters of the document. A passage may have sentences in place of a text.
Annotations may also be those of the document, or of a passage with sentences.
"""

import xml.sax
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..errors import Errors
from .base import AnnotatedText, ReadReport
from .bioc_xml import read_xml
from .json_values import read_json_items
from .lines import BOM
from .mentions import DISCONTINUOUS, Claim, place

TYPE = "type"
LISTS = ("documents", "PubTator3")


def read_bioc(path: Path, report: ReadReport) -> Iterator[AnnotatedText]:
    """Yield one text per passage, or per sentence if the passage has no text.
    `document` is the id of its document, the label the infon "type".

    Annotations of several locations are discontinuous: lost and reported. Raises
    ValueError if the XML or the JSON is invalid.
    """
    for line, document in _documents(path, report):
        passages = document.get("passages") if isinstance(document, dict) else None
        if not isinstance(passages, list):
            report.lose(line, "document without passages", repr(document)[:60])
            continue
        name = str(document.get("id", ""))
        for part, annotations in _parts(document, line, report):
            text = _text(part, annotations, name, line, report)
            if text is not None:
                yield report.count(text)


def _documents(path: Path, report: ReadReport) -> Iterator[tuple[int, Any]]:
    with path.open("rb") as file:
        is_xml = file.read(64).removeprefix(BOM.encode()).lstrip().startswith(b"<")
    if not is_xml:
        for line, value in read_json_items(path, report):
            key = next((k for k in LISTS if isinstance(value, dict) and k in value), "")
            inner = value[key] if key else [value]
            yield from ((line, d) for d in (inner if isinstance(inner, list) else []))
        return
    try:
        yield from read_xml(path)
    except xml.sax.SAXParseException as error:
        place = {"path": path, "line": error.getLineNumber(), "format": report.format}
        raise ValueError(Errors.E204.format(**place, why=error.getMessage())) from error


def _parts(
    document: dict[str, Any], line: int, report: ReadReport
) -> Iterator[tuple[Any, list]]:
    """Yield each passage or sentence with those annotations of the document or of its
    passage that are in it. What is in none concerns each of them."""
    outer, parts = _list(document, "annotations"), []
    for passage in document["passages"]:
        if isinstance(passage, dict) and not passage.get("text"):
            parts += _list(passage, "sentences")
            outer = outer + _list(passage, "annotations")
        else:
            parts.append(passage)
    if outer and not parts:
        report.lose(line, "passage without a text", repr(outer)[:60])
    places = [next((p for p in parts if _is_in(a, p)), None) for a in outer]
    for part in parts:
        homes = zip(outer, places, strict=True)
        yield part, [a for a, home in homes if home is None or home is part]


def _is_in(annotation: Any, part: Any) -> bool:
    if not isinstance(part, dict) or not isinstance(part.get("text"), str):
        return False
    start, end, *_ = _claim(annotation, part.get("offset"))
    return start is not None and 0 <= start < end <= len(part["text"])


def _text(
    part: Any, annotations: list, document: str, line: int, report: ReadReport
) -> AnnotatedText | None:
    """Return a passage or a sentence. None if it has no text.

    annotations: those that are not its own.
    """
    text = part.get("text") if isinstance(part, dict) else None
    if not isinstance(text, str):
        if part != {} and isinstance(part, dict) and part.get("annotations"):
            report.lose(line, "passage without a text", repr(part)[:60])
        return None
    if not text.strip():
        return None
    offset = part.get("offset")
    line = part["line"] if isinstance(part.get("line"), int) else line  # of XML
    claims = [_claim(a, offset) for a in _list(part, "annotations") + annotations]
    for sentence in _list(part, "sentences"):
        claims += [_claim(a, offset) for a in _list(sentence, "annotations")]
    placed = place(report, line, text, claims)
    return AnnotatedText(text, document=document, line=line, **placed)


def _claim(annotation: Any, offset: Any) -> Claim:
    try:
        label = annotation["infons"].get(TYPE)
        places = [
            (p["offset"], p["offset"] + p["length"]) for p in annotation["locations"]
        ]
        first = min(start for start, _ in places) - offset
        last = max(end for _, end in places) - offset
    except (KeyError, TypeError, ValueError, AttributeError):
        fault = "annotation without a location"
        return Claim(None, None, None, repr(annotation)[:60], fault)
    mention = annotation.get("text") or None
    return Claim(first, last, label, mention, DISCONTINUOUS if len(places) > 1 else "")


def _list(value: Any, key: str) -> list:
    inner = value.get(key) if isinstance(value, dict) else None
    return inner if isinstance(inner, list) else []
