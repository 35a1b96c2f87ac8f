"""BioC, as XML and as JSON: documents with passages and annotations.

    <document><id>10</id><passage><offset>20</offset><text>Ada left</text>
      <annotation id="1"><infon key="type">Person</infon>
        <location offset="20" length="3"/><text>Ada</text></annotation></passage>

    {"documents": [{"id": "10", "passages": [{"offset": 20, "text": "Ada left",
      "annotations": [{"infons": {"type": "Person"}, "text": "Ada",
        "locations": [{"offset": 20, "length": 3}]}]}]}]}

Offsets are characters of the document. A passage may have sentences in place of a text.
"""

import xml.sax
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .base import AnnotatedText, Entity, ReadReport
from .bioc_parts import Part, claim_of, items, parts_of, spread
from .bioc_xml import read_xml
from .json_values import read_json_items
from .lines import BOM
from .mentions import place

LISTS = ("documents", "PubTator3")


def read_bioc(path: Path, report: ReadReport) -> Iterator[AnnotatedText]:
    """Yield one text per passage, or per sentence if the passage has no text.
    `document` is the id of its document, the label the infon "type".

    Annotations of a document, or of a passage whose sentences have the text, belong to
    the text that holds their offsets. If there is none, they are lost and reported, and
    all of these texts are unknown. Annotations of several locations are discontinuous:
    lost and reported. Raises ValueError if the XML or the JSON is invalid.
    """
    for line, document in _documents(path, report):
        passages = document.get("passages") if isinstance(document, dict) else None
        if not isinstance(passages, list):
            report.lose(line, "document without passages", repr(document)[:60])
            continue
        name = str(document.get("id", ""))
        parts = [part for p in passages for part in parts_of(p, line, report)]
        spread(items(document, "annotations"), parts, line, report)
        for part in parts:
            yield report.count(_text(part, name, report))


def _documents(path: Path, report: ReadReport) -> Iterator[tuple[int, Any]]:
    with path.open("rb") as file:
        is_xml = file.read(64).removeprefix(BOM.encode()).lstrip().startswith(b"<")
    if not is_xml:
        for line, value in read_json_items(path, report):
            key = next((k for k in LISTS if isinstance(value, dict) and k in value), "")
            inner = value[key] if key else [value]
            yield from (
                (line, d) for d in (inner if isinstance(inner, list) else [inner])
            )
        return
    try:
        yield from read_xml(path)
    except xml.sax.SAXParseException as error:
        raise report.unreadable(error.getLineNumber(), error.getMessage()) from error


def _text(part: Part, document: str, report: ReadReport) -> AnnotatedText:
    claims = [claim_of(annotation, part.offset) for annotation in part.annotations]
    placed = place(report, part.line, part.text, claims)
    lost = {Entity(0, len(part.text), label) for label in part.lost}
    placed["unknown"] = tuple(sorted(lost.union(placed["unknown"])))
    return AnnotatedText(part.text, document=document, line=part.line, **placed)
