"""Read the mentions of an ACE annotation file, *.apf.xml."""

import xml.sax
from pathlib import Path
from typing import Literal, NamedTuple
from xml.sax.handler import ContentHandler


class ApfMention(NamedTuple):
    """A mention of an entity: characters `start` to `end` (exclusive) of the text.

    label: the type of its entity, such as PER. kind: NAM, NOM or PRO. words: the text
    of the mention according to the .apf.xml. line: its line in the .apf.xml.
    """

    start: int
    end: int
    label: str
    kind: str
    words: str
    line: int


def read_apf(
    path: Path, part: Literal["extent", "head"]
) -> tuple[str, list[ApfMention]]:
    """Return the DOCID and the mentions of entities. Relations, events, values and
    times are not read. part: read whole mentions ("extent") or their heads.

    Raises SAXParseException for invalid XML, or a mention without START and END.
    """
    handler = _Handler(part)
    parser = xml.sax.make_parser()
    parser.setContentHandler(handler)
    with path.open("rb") as file:  # given a path, the parser would load the DTD
        parser.parse(file)
    return handler.document, handler.mentions


class _Handler(ContentHandler):
    def __init__(self, part: str) -> None:
        super().__init__()
        self.part = part
        self.document = ""
        self.mentions: list[ApfMention] = []
        self._label = self._kind = ""
        self._in_part = False
        self._place: tuple[int, int, int] | None = None
        self._words: list[str] = []

    def startElement(self, name, attrs):
        if name == "document":
            self.document = attrs.get("DOCID", "")
        elif name == "entity":
            self._label = attrs.get("TYPE", "")
        elif name == "entity_mention":
            self._kind = attrs.get("TYPE", "")
        elif name == self.part:
            self._in_part = bool(self._kind)
        elif name == "charseq" and self._in_part:
            try:
                start, end = int(attrs["START"]), int(attrs["END"])
            except (KeyError, ValueError) as error:
                why = "a charseq without START and END"
                raise xml.sax.SAXParseException(why, error, self._locator) from error
            self._place = start, end + 1, self._locator.getLineNumber()
            self._words = []

    def characters(self, content):
        if self._place is not None:
            self._words.append(content)

    def endElement(self, name):
        if name == "charseq" and self._place is not None:
            start, end, line = self._place
            words = "".join(self._words)
            self.mentions.append(
                ApfMention(start, end, self._label, self._kind, words, line)
            )
            self._place = None
        elif name == self.part:
            self._in_part = False
        elif name == "entity_mention":
            self._kind = ""
