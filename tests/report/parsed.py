"""Parse a page with Python's HTML parser."""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path

Mark = tuple[str | None, str | None]


@dataclass
class Article:
    """marks: (label, kind) of each entity on both sides. covers: of each gold entity.
    texts: the text of each side, without labels and notes."""

    attributes: dict[str, str | None]
    marks: list[Mark] = field(default_factory=list)
    covers: list[str] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)


class Page(HTMLParser):
    """elements: the tags and their attributes, in order. inside: tag → the texts of its
    elements, without nested elements."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.articles: list[Article] = []
        self.inside: dict[str, list[str]] = {}
        self._open: list[tuple[str, dict[str, str | None]]] = []
        self.feed(str(html))  # pieces of Markup would escape what joins them
        self.close()

    @classmethod
    def of(cls, path: Path) -> "Page":
        return cls(path.read_bytes().decode("utf8"))

    def named(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        self.elements.append((tag, attributes))
        if tag == "article":
            self.articles.append(Article(attributes))
        elif attributes.get("class") == "entities":
            self._articles().texts.append("")
        elif tag == "mark":
            mark = attributes.get("data-label"), attributes.get("data-kind")
            self._articles().marks.append(mark)
            if cover := attributes.get("data-cover"):
                self._articles().covers.append(cover)
        elif tag == "br":
            self.handle_data("\n")
        if tag not in ("br", "link", "meta"):
            self._open.append((tag, attributes))

    def handle_endtag(self, tag):
        while self._open and self._open.pop()[0] != tag:
            pass

    def handle_data(self, data):
        if self._open:
            self.inside.setdefault(self._open[-1][0], []).append(data)
        classes = [attributes.get("class") for _, attributes in self._open]
        if "entities" in classes and "tag" not in classes:
            self._articles().texts[-1] += data

    def _articles(self) -> Article:
        if not self.articles:  # a text by itself
            self.articles.append(Article({}))
        return self.articles[-1]
