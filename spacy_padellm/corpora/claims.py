"""An entity as a file claims it, and its place in the text."""

from typing import Any, NamedTuple

from .utf16 import Utf16
from .word_edges import cuts_word

NO_OFFSETS = "entity without offsets"
OUTSIDE = "entity outside the text"
SPACES = "entity of spaces alone"
CUTS_WORD = "entity cuts a word"
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


def proves_units(text: str, claim: Claim, units: Utf16) -> bool:
    """Return whether a claim is only right if its offsets count UTF-16 units."""
    start, end, _, mention, _ = claim
    if not _are_numbers(start, end):
        return False
    there = units.characters(start, end)
    if there is None:
        return False
    if mention is not None:
        return not _reads(text, start, end, mention) and _reads(text, *there, mention)
    return offsets_fault(text, start, end) != "" and offsets_fault(text, *there) == ""


def is_doubtful(text: str, claims: list[Claim], units: Utf16) -> bool:
    """Return whether offsets that no mention proves may also count UTF-16 units, and
    nothing in the text proves either."""
    if text.isascii() or max(text) <= "\uffff":
        return False
    first = next(i for i, char in enumerate(text) if char > "\uffff")
    doubtful = False
    for claim in claims:
        start, end, _, mention, wrong = claim
        if wrong or not _are_numbers(start, end) or end <= first:
            continue
        there = units.characters(start, end)
        as_characters = _fits(text, start, end, mention)
        as_units = there is not None and _fits(text, *there, mention)
        if as_characters != as_units:
            return False
        doubtful |= as_characters and mention is None
    return doubtful


def _fits(text: str, start: int, end: int, mention: Any) -> bool:
    if mention is None:
        return offsets_fault(text, start, end) == ""
    return _reads(text, start, end, mention)


def find(
    text: str, claim: Claim, units: Utf16, counts_units: bool
) -> tuple[tuple[int, int] | None, str]:
    """Return the place of a claim, or None, and what is wrong with it, or ""."""
    start, end, _, mention, wrong = claim
    there = units.characters(start, end) if _are_numbers(start, end) else None
    if wrong:
        place = there if there is not None and counts_units else (start, end)
        return (place if is_inside(*place, len(text)) else None), wrong
    fault = offsets_fault(text, start, end)
    if mention is None:
        fault = UTF16 if there is not None and counts_units else fault
        return (None if fault else (start, end)), fault
    if fault in ("", CUTS_WORD) and _reads(text, start, end, mention):
        return (start, end), ""
    if there is not None and _reads(text, *there, mention):
        return there, f"{UTF16}, converted"
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
    """Return whether a claim's mention stands at its offsets, in characters or UTF-16
    units."""
    start, end, _, mention, _ = claim
    if not isinstance(mention, str) or not _are_numbers(start, end):
        return False
    there = Utf16(text).characters(start, end)
    return _reads(text, start, end, mention) or (
        there is not None and _reads(text, *there, mention)
    )
