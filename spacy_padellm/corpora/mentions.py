"""Place the entities of a file in their text. What has no place is unknown."""

from collections.abc import Iterable
from typing import Any, NamedTuple

from .base import Entity, ReadReport
from .utf16 import Utf16
from .word_edges import cuts_word

NO_LABEL = "entity without a label"
NO_OFFSETS = "entity without offsets"
OUTSIDE = "entity outside the text"
SPACES = "entity of spaces alone"
CUTS_WORD = "entity cuts a word"
DISCONTINUOUS = "discontinuous entity"
UTF16 = "offsets seem to count UTF-16 units"


class Claim(NamedTuple):
    """An entity as a file has it, with any values.

    start, end: the end is exclusive. mention: its text according to the file, or None.
    It proves the offsets. fault: why the reader cannot use the entity, or "".
    """

    start: Any
    end: Any
    label: Any
    mention: Any = None
    fault: str = ""


def place(
    report: ReadReport, line: int, text: str, claims: Iterable[Claim]
) -> dict[str, tuple[Entity, ...]]:
    """Return the `entities` and the `unknown` parts of an AnnotatedText.

    claims: with offsets in characters.

    A mention that is not at its offsets, but stands there in UTF-16 units or occurs
    exactly once, moves. Other entities with wrong offsets are lost and reported: those
    outside of the text, of spaces alone, without offsets, and those that cut a word.
    Nobody knows where they are, so all of the text is unknown. If only the label of an
    entity is missing, its place is unknown.
    """
    claims = list(claims)
    units = Utf16(text)
    counts_units = any(_proves_units(text, claim, units) for claim in claims)
    entities, unknown = set(), set()
    for claim in claims:
        found, problem = _find(text, claim, units, counts_units)
        what = f"{[*claim[:3]]} in {text[:60]!r}"[:200]
        if claim.mention is not None:
            what += f": {claim.mention!r}"[:100]
        if found is None or claim.fault or not _is_label(claim.label):
            report.lose_entity(line, _kind(claim, problem), what)
            if text:
                unknown.add(Entity(*(found or (0, len(text))), _label(claim)))
        else:
            entities.add(Entity(*found, claim.label))
            if problem:
                report.repair(line, problem, what)
    return {"entities": tuple(sorted(entities)), "unknown": tuple(sorted(unknown))}


def place_tokens(
    report: ReadReport,
    line: int,
    n_tokens: int,
    claims: Iterable[Claim],
    where: str = "",
) -> dict[str, set[tuple[int, int, str]]]:
    """Return the `entities` and the `unknown` parts for `AnnotatedText.from_words`.

    claims: with offsets in tokens. Entities outside of the text are lost and reported,
        and all of the text is then unknown. where: the text's place, for the report.
    """
    entities, unknown = set(), set()
    for claim in claims:
        start, end, label = claim[:3]
        problem = "" if _is_inside(start, end, n_tokens) else OUTSIDE
        if not problem and not claim.fault and _is_label(label):
            if (start, end, label) in entities:
                what = f"{where}{[start, end, label]}"
                report.repair(line, "entity listed twice", what)
            entities.add((start, end, label))
            continue
        what = f"{[start, end, label]} of {n_tokens} tokens"
        if claim.mention is not None:
            what = str(claim.mention)
        report.lose_entity(line, _kind(claim, problem), f"{where}{what}"[:200])
        found = (0, n_tokens) if problem else (start, end)
        unknown.add((*found, _label(claim)))
    return {"entities": entities, "unknown": unknown}


def whole_number(text: Any) -> int | None:
    """Return the number that a string is, or None. Python refuses to read numbers of
    thousands of digits, which no offset has."""
    digits = isinstance(text, str) and text.isascii() and text.isdigit()
    return int(text) if digits and len(text) < 20 else None


def _is_label(label: Any) -> bool:
    return isinstance(label, str) and bool(label.strip())


def _label(claim: Claim) -> str:
    return claim.label if _is_label(claim.label) else ""


def _kind(claim: Claim, problem: str) -> str:
    if claim.fault:
        return claim.fault
    return problem if _is_label(claim.label) else NO_LABEL


def _are_numbers(*values: Any) -> bool:
    return all(isinstance(n, int) and not isinstance(n, bool) for n in values)


def _is_inside(start: Any, end: Any, size: int) -> bool:
    return _are_numbers(start, end) and 0 <= start < end <= size


def _fault(text: str, start: Any, end: Any) -> str:
    """Return what is wrong with offsets that no mention proves, or ""."""
    if not _are_numbers(start, end):
        return NO_OFFSETS
    if not _is_inside(start, end, len(text)):
        return OUTSIDE
    if not text[start:end].strip():
        return SPACES
    return CUTS_WORD if cuts_word(text, start) or cuts_word(text, end) else ""


def _proves_units(text: str, claim: Claim, units: Utf16) -> bool:
    """Return whether a claim is only right if its offsets count UTF-16 units."""
    start, end, _, mention, _ = claim
    if not _are_numbers(start, end):
        return False
    there = units.characters(start, end)
    if there is None:
        return False
    if mention is not None:
        return not _reads(text, start, end, mention) and _reads(text, *there, mention)
    return _fault(text, start, end) != "" and _fault(text, *there) == ""


def _find(
    text: str, claim: Claim, units: Utf16, counts_units: bool
) -> tuple[tuple[int, int] | None, str]:
    """Return the place of a claim, or None, and what is wrong with it, or ""."""
    start, end, _, mention, wrong = claim
    if wrong:
        return ((start, end) if _is_inside(start, end, len(text)) else None), wrong
    fault = _fault(text, start, end)
    there = units.characters(start, end) if _are_numbers(start, end) else None
    if mention is None:
        fault = UTF16 if there is not None and counts_units else fault
        return (None if fault else (start, end)), fault
    if fault in ("", CUTS_WORD) and _reads(text, start, end, mention):
        return (start, end), ""
    if there is not None and _reads(text, *there, mention):
        return there, f"{UTF16}, converted"
    if isinstance(mention, str) and text.count(mention) == 1:
        at = text.index(mention)
        if not _fault(text, at, at + len(mention)):
            return (at, at + len(mention)), "entity moved to its mention"
    return None, "mention is not at its offsets"


def _reads(text: str, start: int, end: int, mention: Any) -> bool:
    """Return whether the mention is there. Line breaks may be other spaces in it."""
    if not isinstance(mention, str) or not _is_inside(start, end, len(text)):
        return False
    return text[start:end] == mention or text[start:end].split() == mention.split()
