"""An entity as a file claims it, and its place in the text."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from .units import Units, units_of
from .word_edges import cuts_word

NO_OFFSETS = "entity without offsets"
OUTSIDE = "entity outside the text"
SPACES = "entity of spaces alone"
CUTS_WORD = "entity cuts a word"
OTHER_UNITS = "offsets seem to count {what}"


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


def _are_numbers(*values: Any) -> bool:
    return all(isinstance(n, int) and not isinstance(n, bool) for n in values)


def is_inside(start: Any, end: Any, size: int) -> bool:
    return _are_numbers(start, end) and 0 <= start < end <= size


def offsets_fault(text: str, start: Any, end: Any) -> str:
    """Return what is wrong with offsets that no mention proves, or ""."""
    if not _are_numbers(start, end):
        return NO_OFFSETS
    if not is_inside(start, end, len(text)):
        return OUTSIDE
    if not text[start:end].strip():
        return SPACES
    return CUTS_WORD if cuts_word(text, start) or cuts_word(text, end) else ""


def proven_units(
    text: str, claims: Sequence[Claim], possible: Sequence[Units]
) -> Units | None:
    """Return the units in which most of those claims count that are wrong in
    characters. None if there are none."""
    proofs = [
        sum(_proves(text, claim, units) for claim in claims) for units in possible
    ]
    return possible[proofs.index(max(proofs))] if any(proofs) else None


def _proves(text: str, claim: Claim, units: Units) -> bool:
    """Return whether a claim is only right if its offsets count these units."""
    start, end, _, mention, _ = claim
    if not _are_numbers(start, end):
        return False
    there = units.characters(start, end)
    return (
        there is not None
        and not _fits(text, start, end, mention)
        and _fits(text, *there, mention)
    )


def is_doubtful(text: str, claims: Sequence[Claim], units: Units) -> bool:
    """Return whether offsets that no mention proves may also count these units, and
    nothing in the text proves either."""
    doubtful = False
    for claim in claims:
        start, end, _, mention, wrong = claim
        if wrong or not _are_numbers(start, end) or end <= units.same:
            continue
        there = units.characters(start, end)
        as_characters = _fits(text, start, end, mention)
        as_units = there is not None and _fits(text, *there, mention)
        if as_characters != as_units:
            return False
        doubtful |= as_characters and mention is None
    return doubtful


def _fits(text: str, start: int, end: int, mention: Any) -> bool:
    """Return whether a mention is there; whether there may be one, if none is given."""
    if mention is not None:
        return _reads(text, start, end, mention)
    return offsets_fault(text, start, end) == "" and not _seems_moved(text, start, end)


def _seems_moved(text: str, start: int, end: int) -> bool:
    """Return whether a part of a text has a space at one edge and ends inside of
    something like POL-1 at the other. With a space alone, somebody was careless."""
    found = text[start:end]
    if found == found.strip():
        return False
    start += len(found) - len(found.lstrip())
    end -= len(found) - len(found.rstrip())
    before, after = text[start - 1 : start + 1], text[end - 1 : end + 1]
    return (len(before) == 2 and _goes_on(before[1], before[0])) or (
        len(after) == 2 and _goes_on(after[0], after[1])
    )


def _goes_on(inner: str, outer: str) -> bool:
    """Return whether the character beside an edge belongs to the one inside of it."""
    is_word = outer.isdigit() or outer.lower() != outer.upper()
    return is_word and not inner.isspace()


def find(
    text: str, claim: Claim, possible: Sequence[Units], proven: Units | None
) -> tuple[tuple[int, int] | None, str]:
    """Return the place of a claim, or None, and what is wrong with it, or "".

    possible: what its offsets may count, other than characters. proven: what other
        claims of the text prove that they count.
    """
    start, end, _, mention, wrong = claim
    numbers = _are_numbers(start, end)
    there = proven.characters(start, end) if proven is not None and numbers else None
    if wrong:
        place = there or (start, end)
        return (place if is_inside(*place, len(text)) else None), wrong
    fault = offsets_fault(text, start, end)
    if mention is None:
        fault = fault if there is None else OTHER_UNITS.format(what=proven.what)
        return (None if fault else (start, end)), fault
    if fault in ("", CUTS_WORD) and _reads(text, start, end, mention):
        return (start, end), ""
    for units in sorted(possible, key=lambda one: one is not proven) if numbers else ():
        there = units.characters(start, end)
        if there is not None and _reads(text, *there, mention):
            return there, f"{OTHER_UNITS.format(what=units.what)}, converted"
    if isinstance(mention, str) and text.count(mention) == 1:
        at = text.index(mention)
        if not offsets_fault(text, at, at + len(mention)):
            return (at, at + len(mention)), "entity moved to its mention"
    return None, "mention is not at its offsets"


def _reads(text: str, start: int, end: int, mention: Any) -> bool:
    """Return whether the mention is there. Line breaks may be other spaces in it, or
    a backslash and an n, as Label Studio writes them."""
    if not isinstance(mention, str) or not is_inside(start, end, len(text)):
        return False
    there = text[start:end]
    forms = mention.split(), mention.replace("\\n", "\n").split()
    return there == mention or there.split() in forms


def is_there(text: str, claim: Claim) -> bool:
    """Return whether a claim's mention stands at its offsets, in characters or other
    units."""
    start, end, _, mention, _ = claim
    if not isinstance(mention, str) or not _are_numbers(start, end):
        return False
    if _reads(text, start, end, mention):
        return True
    places = (units.characters(start, end) for units in units_of(text))
    return any(place and _reads(text, *place, mention) for place in places)
