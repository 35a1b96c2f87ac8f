"""The paper's format: lines of ["text", [start, end, "mention", "LABEL"], ...]."""

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, NamedTuple, TypeAlias

from .base import AnnotatedText, ReadReport
from .claims import Claim
from .json_values import read_json_items
from .mentions import place

Unit: TypeAlias = Literal["tokens", "characters"]


class Offsets(NamedTuple):
    """The unit of a file's offsets: whitespace-separated tokens or characters, with an
    inclusive or exclusive end."""

    unit: Unit = "tokens"
    end_inclusive: bool = True


# Used by CoNLL03, by the Chinese sets and by GENIA. In a tie, the first one is used.
KNOWN = (
    Offsets("tokens", True),
    Offsets("characters", True),
    Offsets("tokens", False),
    Offsets("characters", False),
)


def read_padellm_json(
    path: Path,
    report: ReadReport,
    *,
    unit: Unit | None = None,
    end_inclusive: bool | None = None,
) -> Iterator[AnnotatedText]:
    """Yield one text per line. It has words if the offsets are tokens and single spaces
    separate them.

    unit, end_inclusive: the unit of the offsets. If None, they are guessed from the
        offsets that match most mentions in the file.
    Lines with another structure, and entities outside of their text, are skipped and
    reported.
    """
    rows = []
    for line, value in read_json_items(path, report):
        text, *entities = value if isinstance(value, list) and value else [None]
        # an object instead of entities is spaCy's TRAIN_DATA
        if not isinstance(text, str) or any(isinstance(e, dict) for e in entities):
            report.lose(line, "line is not [text, entity, ...]", repr(value)[:60])
            continue
        rows.append((line, text, entities))
    offsets = guess_offsets(
        [(text, list(filter(_is_whole, entities))) for _, text, entities in rows]
    )
    offsets = Offsets(
        offsets.unit if unit is None else unit,
        offsets.end_inclusive if end_inclusive is None else end_inclusive,
    )
    for line, text, entities in rows:
        tokens = token_edges(text)
        claims = []
        for entity in entities:
            if _is_whole(entity):
                start, end, mention, label = entity
                edges = characters(start, end, tokens, offsets) or (start, end)
                claims.append(Claim(*edges, label, mention))
            else:
                fault = "entity is not [start, end, mention, label]"
                claims.append(Claim(None, None, None, repr(entity)[:60], fault))
        placed = place(report, line, text, claims)
        words = spaces = None
        split = tuple(text.split())
        if offsets.unit == "tokens" and tokens and " ".join(split) == text:
            words, spaces = split, (*(True for _ in split[1:]), False)
        yield report.count(
            AnnotatedText(text, words=words, spaces=spaces, line=line, **placed)
        )


def _is_whole(entity: Any) -> bool:
    return isinstance(entity, list) and len(entity) == 4


def guess_offsets(rows: list[tuple[str, list[list]]]) -> Offsets:
    """Return the known offsets that match most mentions."""
    fits: Counter[Offsets] = Counter()
    for text, entities in rows:
        tokens = token_edges(text)
        for start, end, mention, _ in entities:
            for offsets in KNOWN:
                edges = characters(start, end, tokens, offsets)
                fits[offsets] += edges is not None and text[slice(*edges)] == mention
    return max(KNOWN, key=lambda offsets: fits[offsets])


def token_edges(text: str) -> list[tuple[int, int]]:
    """Return the start and end (exclusive) of each whitespace-separated token."""
    return [match.span() for match in re.finditer(r"\S+", text)]


def characters(
    start: int, end: int, tokens: list[tuple[int, int]], offsets: Offsets
) -> tuple[int, int] | None:
    """Convert offsets to characters, end exclusive. Returns None if they are not
    numbers, or if there are no such tokens."""
    if not (isinstance(start, int) and isinstance(end, int)):
        return None
    end += offsets.end_inclusive
    if offsets.unit == "characters":
        return start, end
    if not 0 <= start < end <= len(tokens):
        return None
    return tokens[start][0], tokens[end - 1][1]
