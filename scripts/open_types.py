"""Read the corpus of open types, see assets/open-types/README.md."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from spacy_padellm.corpora.base import Entity

OPEN, BORDER, CLOSE = "[[", re.compile(r"\|([^\[\]|\n]+)\]\]"), "]]"
ABSENT = "? "


@dataclass(frozen=True, slots=True)
class Type:
    """parent: the broader type, None at the top."""

    name: str
    parent: str | None
    definition: str


@dataclass(frozen=True, slots=True)
class TypedText:
    """mentions: with the narrowest type of each; they may nest. absent: types that were
    looked for in vain. line: where it ends in the file."""

    text: str
    mentions: tuple[Entity, ...]
    absent: tuple[str, ...]
    line: int


@dataclass(frozen=True, slots=True)
class Domain:
    """types: of the domain, and those that all domains share."""

    name: str
    types: Mapping[str, Type]
    own: tuple[str, ...]
    texts: tuple[TypedText, ...]

    def ancestors(self, name: str) -> list[str]:
        """The broader types of a type, the nearest first."""
        found = []
        while (parent := self.types[name].parent) is not None:
            if parent in found:
                raise ValueError(f"{self.name}: {name!r} is broader than itself")
            found.append(parent)
            name = parent
        return found


def read_types(lines: Iterable[str]) -> dict[str, Type]:
    """Lines `name < parent | definition`; the parent may be missing."""
    types = {}
    for line in filter(str.strip, lines):
        head, _, definition = line.partition("|")
        name, _, parent = (part.strip() for part in head.partition("<"))
        types[name] = Type(name, parent or None, definition.strip())
    return types


def parse(marked: str) -> tuple[str, tuple[Entity, ...]]:
    """A text with its mentions as `[[characters|type]]`, which may nest.

    ValueError: a bracket has no partner.
    """
    text = ""
    opened: list[int] = []
    mentions = []
    at = 0
    while at < len(marked):
        if marked.startswith(OPEN, at):
            opened.append(len(text))
            at += len(OPEN)
        elif opened and (found := BORDER.match(marked, at)):
            mentions.append(Entity(opened.pop(), len(text), found[1].strip()))
            at = found.end()
        else:
            text += marked[at]
            at += 1
    if opened or CLOSE in text:
        raise ValueError(f"a bracket has no partner: {marked[:60]!r}")
    return text, tuple(sorted(mentions, key=lambda one: (one.start, -one.end)))


def read_domain(path: Path, core: Mapping[str, Type]) -> Domain:
    """Read a domain's types and texts. ValueError: the file has another form."""
    lines = path.read_text(encoding="utf8").split("\n")
    if lines[0] != "= types" or "= texts" not in lines:
        raise ValueError(f"{path}: there is no '= types' or no '= texts'")
    start = lines.index("= texts") + 1
    own = read_types(lines[1 : start - 1])
    texts = []
    block: list[str] = []
    for number, line in enumerate(lines[start:], start=start + 1):
        if line.startswith(ABSENT):
            try:
                text, mentions = parse("\n".join(block))
            except ValueError as error:
                raise ValueError(f"{path}, line {number}: {error}") from error
            absent = (name.strip() for name in line[len(ABSENT) :].split(";"))
            texts.append(TypedText(text, mentions, tuple(filter(None, absent)), number))
            block = []
        elif line.strip() or block:
            block.append(line.rstrip())
    if any(map(str.strip, block)):
        raise ValueError(f"{path}: the last text does not say what it lacks")
    return Domain(path.stem, {**core, **own}, tuple(own), tuple(texts))


def read_corpus(folder: Path, language: str, domains: str = "*") -> list[Domain]:
    """The domains of a language, "en" or "zh". domains: a pattern of file names."""
    core_file = "core.txt" if language == "en" else f"core_{language}.txt"
    core = read_types((folder / core_file).read_text(encoding="utf8").splitlines())
    files = sorted((folder / language).glob(f"{domains}.txt"))
    return [read_domain(file, core) for file in files]
