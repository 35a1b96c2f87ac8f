"""Read BioC's XML into the values that its JSON has."""

import xml.sax
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.sax.handler import ContentHandler

from .mentions import whole_number

# element → the list of its parent that it is in
LISTS = {
    "passage": "passages",
    "sentence": "sentences",
    "annotation": "annotations",
}


def read_xml(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield (line, document). Passages and sentences have a "line" too. Relations are
    not read. Raises SAXParseException for invalid XML."""
    handler = _Handler()
    parser = xml.sax.make_parser()
    parser.setContentHandler(handler)
    with path.open("rb") as file:  # given a path, the parser would load the DTD
        parser.parse(file)
    yield from handler.documents


class _Handler(ContentHandler):
    def __init__(self) -> None:
        super().__init__()
        self.documents: list[tuple[int, dict[str, Any]]] = []
        self._open: list[dict[str, Any]] = []
        self._words: list[str] = []
        self._infon = ""
        self._in_relation = False

    def startElement(self, name, attrs):
        self._words = []
        line = self._locator.getLineNumber()
        if name == "relation":
            self._in_relation = True
        elif self._in_relation:
            return
        elif name == "document":
            self._open = [{"line": line}]
            self.documents.append((line, self._open[0]))
        elif name in LISTS and self._open:
            value = {"line": line, "infons": {}, "locations": []}
            self._open[-1].setdefault(LISTS[name], []).append(value)
            self._open.append(value)
        elif name == "infon":
            self._infon = attrs.get("key", "")
        elif name == "location" and self._open:
            place = {key: whole_number(attrs.get(key)) for key in ("offset", "length")}
            self._open[-1].setdefault("locations", []).append(place)

    def characters(self, content):
        self._words.append(content)

    def endElement(self, name):
        words = "".join(self._words)
        if name == "relation":
            self._in_relation = False
        elif self._in_relation or not self._open:
            return
        elif name == "infon":
            self._open[-1].setdefault("infons", {})[self._infon] = words
        elif name == "offset":
            self._open[-1]["offset"] = whole_number(words.strip())
        elif name in ("id", "text"):
            self._open[-1][name] = words
        elif name in LISTS or name == "document":
            self._open.pop()
