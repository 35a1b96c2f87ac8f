"""Place the entities of a file in their text. What has no place is unknown."""

from collections.abc import Iterable
from typing import Any

from .base import Entity, ReadReport
from .claims import OUTSIDE, Claim, find, is_doubtful, is_inside, proven_units
from .missing import is_missing
from .units import units_of

DISCONTINUOUS = "discontinuous entity"
NO_LABEL = "entity without a label"
NUMBER_LABEL = "entity whose label is a number (export the names of the labels)"
MAY_BE_UNITS = "offsets may count {what}, read as characters"
PADDED_LABEL = "spaces around a label left out"


def place(
    report: ReadReport, line: int, text: str, claims: Iterable[Claim]
) -> dict[str, tuple[Entity, ...]]:
    """Return the `entities` and the `unknown` parts of an AnnotatedText.

    claims: with offsets in characters.

    A mention that is not at its offsets, but stands there in other units (see `units`)
    or occurs exactly once, moves. Other entities with wrong offsets are lost and
    reported: those outside of the text, of spaces alone, without offsets, and those
    that cut a word. Nobody knows where they are, so all of the text is unknown. If only
    the label of an entity is missing, its place is unknown. Offsets that may also count
    other units are reported.
    """
    claims = [_with_bare_label(report, line, claim) for claim in claims]
    possible = units_of(text)
    for units in possible:
        if is_doubtful(text, claims, units):
            report.repair(line, MAY_BE_UNITS.format(what=units.what), text[:60])
            break
    proven = proven_units(text, claims, possible)
    entities, unknown = set(), set()
    for claim in claims:
        found, problem = find(text, claim, possible, proven)
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
    for claim in (_with_bare_label(report, line, claim) for claim in claims):
        start, end, label = claim[:3]
        problem = "" if is_inside(start, end, n_tokens) else OUTSIDE
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


def _with_bare_label(report: ReadReport, line: int, claim: Claim) -> Claim:
    """Return the claim without spaces around its label."""
    label = claim.label
    if not _is_label(label) or label == label.strip():
        return claim
    report.repair(line, PADDED_LABEL, repr(label)[:60])
    return claim._replace(label=label.strip())


def _is_label(label: Any) -> bool:
    return isinstance(label, str) and not is_missing(label)


def _label(claim: Claim) -> str:
    return claim.label if _is_label(claim.label) else ""


def _kind(claim: Claim, problem: str) -> str:
    if claim.fault:
        return claim.fault
    if _is_label(claim.label):
        return problem
    return NUMBER_LABEL if type(claim.label) in (int, float) else NO_LABEL
