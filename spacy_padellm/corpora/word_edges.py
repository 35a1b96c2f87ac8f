"""Tell offsets inside of a word from those at its edges."""

from unicodedata import category


def cuts_word(text: str, at: int) -> bool:
    """Return whether a word goes on at this offset. In all scripts, a mark such as an
    accent belongs to the letter before it. Otherwise, only letters with case and digits
    count, because other scripts may write affixes, or all words, together. A change
    from lower to upper case is no cut."""
    if not 0 < at < len(text):
        return False
    if _is_mark(text[at]):
        return not text[at - 1].isspace()
    before, after = _letter_before(text, at), text[at]
    if before.isdigit() or after.isdigit():
        return before.isdigit() and after.isdigit()
    cased = all(c.lower() != c.upper() for c in (before, after))
    return cased and not (before.islower() and after.isupper())


def _is_mark(char: str) -> bool:
    return category(char).startswith("M")


def _letter_before(text: str, at: int) -> str:
    """Return the last character before an offset that is no mark, or the first one."""
    at -= 1
    while at > 0 and _is_mark(text[at]):
        at -= 1
    return text[at]
