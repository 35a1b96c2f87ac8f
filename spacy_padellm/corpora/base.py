"""The plain data of the corpora: a text with its entities, and a report of reading."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

# key of Doc.user_data: a tuple of the labels that the doc was annotated for, or a dict
# from them to the names that the model reads. The trainer asks for these alone; a doc
# without the key was annotated for every label.
ANNOTATED_LABELS = "padellm_labels"


class Entity(NamedTuple):
    """Characters `start` to `end` (exclusive) of a text bear `label`."""

    start: int
    end: int
    label: str


@dataclass(frozen=True, slots=True)
class AnnotatedText:
    """One sentence or passage of a corpus with its entities, in text order.

    Offsets are characters of `text`, whatever the file counted; entities may nest or
    overlap, as in the file.

    words, spaces: the corpus's own tokens and whether a space follows each. None
        where the corpus has no tokens: a spaCy tokenizer then makes them.
    labels: the labels that the text was annotated for; None means all.
    document: name or number of the document that it comes from, "" if unknown.
    line: the line of the file that it begins in, from 1.
    """

    text: str
    entities: tuple[Entity, ...] = ()
    words: tuple[str, ...] | None = None
    spaces: tuple[bool, ...] | None = None
    labels: tuple[str, ...] | None = None
    document: str = ""
    line: int = 0

    @classmethod
    def from_words(
        cls,
        words: Sequence[str],
        entities: Iterable[tuple[int, int, str]] = (),
        spaces: Sequence[bool] | None = None,
        **details,
    ) -> "AnnotatedText":
        """A text of tokens. `entities` are (start, end, label) in tokens, end
        exclusive. Without `spaces`, single spaces join the words (the paper's way).

        IndexError: an entity reaches beyond the words.
        """
        if spaces is None:
            spaces = [True] * len(words)
        spaces = (*spaces[:-1], False)[: len(words)]
        starts, pieces, at = [], [], 0
        for word, space in zip(words, spaces, strict=True):
            starts.append(at)
            pieces.append(word + " " * space)
            at += len(pieces[-1])
        placed = sorted(
            Entity(starts[start], starts[end - 1] + len(words[end - 1]), label)
            for start, end, label in entities
        )
        return cls("".join(pieces), tuple(placed), tuple(words), spaces, **details)

    def token_entities(self) -> list[tuple[int, int, str]]:
        """(start, end, label) in `words`, end exclusive.

        ValueError: the text has no words, or an entity begins or ends inside one.
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


@dataclass(frozen=True, slots=True)
class Problem:
    """Something in a file that is not as it should be, or not taken, and where.

    action: "skipped" (a text, line or entity is lost that should not have been),
        "repaired", or "left out" (by a rule: a rejected answer, an inner entity).
    kind: the same words for every such problem, so that they can be counted.
    """

    path: Path
    line: int
    action: str
    kind: str
    detail: str = ""

    def place(self) -> str:
        """file:line, and what is there."""
        return f"{self.path}:{self.line}" + (f": {self.detail}" if self.detail else "")

    def __str__(self) -> str:
        return f"{self.action}: {self.kind}: {self.place()}"


@dataclass(slots=True)
class ReadReport:
    """What was read from a file. The one thing here that changes: readers add to it.

    texts, entities: what was read (entities per label, before any label map).
    lost: texts that could not be read; each is among the problems too.
    dropped: entities per label that a label map or a choice of labels left out.
    """

    path: Path | None
    format: str
    texts: int = 0
    lost: int = 0
    entities: Counter[str] = field(default_factory=Counter)
    dropped: Counter[str] = field(default_factory=Counter)
    problems: list[Problem] = field(default_factory=list)

    def count(self, text: AnnotatedText) -> AnnotatedText:
        """Count a text that was read, and hand it on."""
        self.texts += 1
        self.entities.update(entity.label for entity in text.entities)
        return text

    def lose(self, line: int, kind: str, detail: str = "") -> None:
        """A whole text cannot be read."""
        self.lost += 1
        self.skip(line, kind, detail)

    def skip(self, line: int, kind: str, detail: str = "") -> None:
        self.problems.append(Problem(self.path, line, "skipped", kind, detail))

    def repair(self, line: int, kind: str, detail: str = "") -> None:
        self.problems.append(Problem(self.path, line, "repaired", kind, detail))

    def leave_out(self, line: int, kind: str, detail: str = "") -> None:
        self.problems.append(Problem(self.path, line, "left out", kind, detail))

    def add(self, other: "ReadReport") -> None:
        """Add what was read from another file."""
        self.texts += other.texts
        self.lost += other.lost
        self.entities += other.entities
        self.dropped += other.dropped
        self.problems += other.problems

    def kinds(self) -> Counter[tuple[str, str]]:
        """How often each (action, kind) of problem occurred."""
        return Counter((problem.action, problem.kind) for problem in self.problems)
