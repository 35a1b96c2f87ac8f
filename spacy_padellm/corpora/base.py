"""Data classes for corpora: annotated texts, and reports about reading a file."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from ..errors import Errors

# Key in Doc.user_data. Its value is a tuple of the labels that the doc was annotated
# for, or a dict label → name in the prompt. Training only uses these labels. A doc
# without this key was annotated for all labels.
ANNOTATED_LABELS = "padellm_labels"
# of several annotators, of whom one is read
FURTHER = "further annotation of a task"


class Entity(NamedTuple):
    """A label for the characters `start` to `end` (exclusive) of a text."""

    start: int
    end: int
    label: str


@dataclass(frozen=True, slots=True)
class AnnotatedText:
    """A sentence or passage of a corpus, with its entities in text order.

    Offsets are characters of `text`. Entities may nest or overlap.

    words, spaces: the tokens of the corpus, and whether a space follows each token.
        None if the corpus has no tokens. A spaCy tokenizer then splits the text.
    labels: the labels that the text was annotated for, or a table label → name that the
        model reads. None means all labels.
    document: the name or number of its document, "" if unknown.
    line: the line in the file where it begins, from 1.
    unknown: the parts whose annotation could not be read, in text order. Nothing may be
        learned from their tokens. The label is that of the lost entity, "" if unknown.
    """

    text: str
    entities: tuple[Entity, ...] = ()
    words: tuple[str, ...] | None = None
    spaces: tuple[bool, ...] | None = None
    labels: tuple[str, ...] | dict[str, str | None] | None = None
    document: str = ""
    line: int = 0
    unknown: tuple[Entity, ...] = ()

    @classmethod
    def from_words(
        cls,
        words: Sequence[str],
        entities: Iterable[tuple[int, int, str]] = (),
        spaces: Sequence[bool] | None = None,
        unknown: Iterable[tuple[int, int, str]] = (),
        **details,
    ) -> "AnnotatedText":
        """Create a text from tokens.

        entities, unknown: (start, end, label) in tokens, end exclusive. spaces: whether
        a space follows each token. By default, all have one, as in the paper.
        Raises IndexError if an entity ends after the last token.
        """
        if spaces is None:
            spaces = [True] * len(words)
        spaces = (*spaces[:-1], False)[: len(words)]
        starts, pieces, at = [], [], 0
        for word, space in zip(words, spaces, strict=True):
            starts.append(at)
            pieces.append(word + " " * space)
            at += len(pieces[-1])
        placed, lost = (
            tuple(
                sorted(
                    Entity(starts[start], starts[end - 1] + len(words[end - 1]), label)
                    for start, end, label in spans
                )
            )
            for spans in (entities, unknown)
        )
        details["unknown"] = lost
        return cls("".join(pieces), placed, tuple(words), spaces, **details)

    def token_entities(self) -> list[tuple[int, int, str]]:
        """Return (start, end, label) of each entity in tokens, end exclusive.

        Raises ValueError if an entity does not begin and end at token boundaries.
        """
        starts, ends, at = {}, {}, 0
        for i, (word, space) in enumerate(
            zip(self.words or (), self.spaces or (), strict=True)
        ):
            starts[at] = i
            ends[at + len(word)] = i + 1
            at += len(word) + space
        try:
            return [(starts[e.start], ends[e.end], e.label) for e in self.entities]
        except KeyError as error:
            raise ValueError(f"no word boundary at character {error}") from error

    def unknown_tokens(self) -> list[tuple[int, int, str]]:
        """Return (start, end, label) of each unknown part in tokens, end exclusive. All
        tokens that it touches belong to it."""
        edges, at = [], 0
        for word, space in zip(self.words or (), self.spaces or (), strict=True):
            edges.append((at, at + len(word)))
            at += len(word) + space
        parts = []
        for first, last, label in self.unknown:
            touched = [i for i, (a, b) in enumerate(edges) if a < last and first < b]
            if touched:
                parts.append((touched[0], touched[-1] + 1, label))
        return parts


@dataclass(frozen=True, slots=True)
class Problem:
    """A problem in a file.

    action: "skipped" (a text, line or entity could not be used), "repaired", or
        "left out" (by a rule, such as a rejected answer).
    kind: a description. Problems of the same kind have the same one.
    """

    path: Path
    line: int
    action: str
    kind: str
    detail: str = ""

    def place(self) -> str:
        """Return file:line and the detail."""
        return f"{self.path}:{self.line}" + (f": {self.detail}" if self.detail else "")

    def __str__(self) -> str:
        return f"{self.action}: {self.kind}: {self.place()}"


@dataclass(slots=True)
class ReadReport:
    """Statistics and problems of reading a file. Readers update it.

    texts, entities: the number of texts, and of entities per original label.
    lost, lost_entities: the numbers of texts and entities that could not be read. Each
        of them is also a problem.
    dropped: the number of entities per label that were dropped on request.
    layout: what a reader understood where a file does not say it, or "".
    """

    path: Path | None
    format: str
    texts: int = 0
    lost: int = 0
    lost_entities: int = 0
    entities: Counter[str] = field(default_factory=Counter)
    dropped: Counter[str] = field(default_factory=Counter)
    problems: list[Problem] = field(default_factory=list)
    layout: str = ""

    def count(self, text: AnnotatedText) -> AnnotatedText:
        """Count a text and return it."""
        self.texts += 1
        self.entities.update(entity.label for entity in text.entities)
        return text

    def lose(self, line: int, kind: str, detail: str = "") -> None:
        """Record a text that cannot be read."""
        self.lost += 1
        self.skip(line, kind, detail)

    def lose_entity(self, line: int, kind: str, detail: str = "") -> None:
        """Record an entity that cannot be read. Its place belongs in the `unknown` of
        its text."""
        self.lost_entities += 1
        self.skip(line, kind, detail)

    def skip(self, line: int, kind: str, detail: str = "") -> None:
        self.problems.append(Problem(self.path, line, "skipped", kind, detail))

    def repair(self, line: int, kind: str, detail: str = "") -> None:
        self.problems.append(Problem(self.path, line, "repaired", kind, detail))

    def leave_out(self, line: int, kind: str, detail: str = "") -> None:
        self.problems.append(Problem(self.path, line, "left out", kind, detail))

    def unreadable(self, line: int, why: str) -> ValueError:
        """The error (E204) for a file that cannot be read in its format."""
        return ValueError(
            Errors.E204.format(path=self.path, line=line, format=self.format, why=why)
        )

    def add(self, other: "ReadReport") -> None:
        """Add the report of another file."""
        self.texts += other.texts
        self.lost += other.lost
        self.lost_entities += other.lost_entities
        self.entities += other.entities
        self.dropped += other.dropped
        self.problems += other.problems

    def kinds(self) -> Counter[tuple[str, str]]:
        """Return the number of problems for each (action, kind)."""
        return Counter((problem.action, problem.kind) for problem in self.problems)
