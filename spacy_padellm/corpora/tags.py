"""Convert tags of the IO, IOB1, BIO and BIOES schemes to spans."""

import re
from collections.abc import Collection, Iterable, Sequence
from typing import Literal, TypeAlias

from .missing import is_missing

Scheme: TypeAlias = Literal["IO", "IOB1", "BIO", "BIOES"]
TAG = re.compile(r"O(\|O)*|(O\|)*[BIESLUMW][-_]\S.*", re.DOTALL)
ANY_CASE = re.compile(r"[Oo]|[BIESLUMWbieslumw][-_]\S.*", re.DOTALL)
# tags such as PER-B, as in Korean corpora
SUFFIXED = re.compile(r"(\S+)[-_]([BIESLUMW])")
# tags of several layers in one, such as I-ORG|B-GPE
LAYERS = re.compile(r"\|(?=O(?:\||$)|[BIESLUMW][-_])")
BARE_TAG = re.compile(r"[^\W\d_][\w./&-]*")
MAX_BARE_TAGS = 64  # a column with more distinct values is not a column of tags
# BILOU, BMES and BMEWO are the BIOES scheme with other letters
LETTERS = {"L": "E", "U": "S", "M": "I", "W": "S"}


def split_tag(tag: str) -> tuple[str, str]:
    """Split "B-PER" to ("B", "PER"). "O" and tags with the label O are ("O", "")."""
    if tag == "O" or tag[2:] == "O":
        return "O", ""
    return LETTERS.get(tag[0], tag[0]), tag[2:]


def standard(tags: Iterable[str]) -> dict[str, str]:
    """Return what to read for each of a file's tags, all of which must be given: a tag
    of the schemes. PER is I-PER, b-per is B-per, PER-B is B-PER, and o is O. If a tag
    has several layers, the first one that is not O is read.

    A tag such as e-mail may also be a label without a prefix, see `are_prefixed`. In
    the same way, o is a label beside O if there are labels without prefixes.
    """
    found = set(tags)
    prefixed = are_prefixed(found)
    suffixed = _are_suffixed(found)

    def read(tag: str) -> str:
        if suffixed and (match := SUFFIXED.fullmatch(tag)):
            return f"{match[2]}-{match[1]}"
        if TAG.fullmatch(tag):
            tag = next((t for t in LAYERS.split(tag) if t != "O"), "O")
            return tag
        if tag == "o" and (prefixed or "O" not in found):
            return "O"
        return tag[0].upper() + tag[1:] if prefixed else f"I-{tag}"

    return {tag: read(tag) for tag in found}


def is_layered(tag: str) -> bool:
    """Return whether a tag has several layers, of which one alone is read."""
    return len([part for part in LAYERS.split(tag) if part != "O"]) > 1


def _are_suffixed(tags: Collection[str]) -> bool:
    """Return whether a file's tags have the letter of the scheme behind the label."""
    matches = [SUFFIXED.fullmatch(tag) for tag in tags if tag != "O"]
    if not all(matches) or all(map(TAG.fullmatch, tags)):
        return False
    return {"B", "I"} <= {match[2] for match in matches}


def are_prefixed(tags: Collection[str]) -> bool:
    """Return whether a file's tags have prefixes, some of them in lower case.

    They are labels such as e-mail unless all have prefixes, and there are tags with b-,
    or two of o, i- and B-.
    """
    letters = {tag[0] for tag in tags if tag == "o" or tag[1:2] in ("-", "_")}
    sure = "b" in letters or len(letters & {"o", "i", "B"}) > 1
    return sure and all(ANY_CASE.fullmatch(tag) for tag in tags)


def tag_pattern(column: Sequence[str]) -> re.Pattern | None:
    """Return the pattern of a column of tags with prefixes, or None if it is none.
    Nearly all tags have it, and most of those that are not O."""
    inside = [tag for tag in column if tag not in ("O", "o") and not is_missing(tag)]
    if mostly(TAG, column) and (not inside or mostly(TAG, inside, 0.5)):
        return TAG
    if not mostly(ANY_CASE, column) or not mostly(ANY_CASE, inside, 0.5):
        return None
    return ANY_CASE if are_prefixed({*filter(ANY_CASE.fullmatch, column)}) else None


def are_bare_tags(column: Sequence[str]) -> bool:
    """Return whether a column has tags without prefixes."""
    values = {value for value in column if not is_missing(value)}
    few = "O" in values and 1 < len(values) <= MAX_BARE_TAGS
    return few and mostly(BARE_TAG, column)


def mostly(pattern: re.Pattern, column: Sequence[str], share: float = 0.99) -> bool:
    """Return whether this share of the values that are not missing match."""
    values = [value for value in column if not is_missing(value)]
    hits = sum(pattern.fullmatch(value) is not None for value in values)
    return bool(values) and hits >= share * len(values)


def has_no_labels(tags: Collection[str]) -> bool:
    """Return whether a file's tags are letters alone, such as B and I."""
    letters = {tag.upper() for tag in tags}
    return letters >= {"B", "I"} and letters <= set("OBIESLUMW")


def guess_scheme(sentences: Iterable[Sequence[str]]) -> Scheme:
    """Return the scheme of a file's tags.

    It is BIOES if there are E or S tags, and IO if there are no B tags. It is IOB1 if
    B tags only occur directly after the same label. Otherwise it is BIO.
    """
    letters, b_only_separates = set(), True
    for tags in sentences:
        last = ""
        for letter, label in map(split_tag, tags):
            letters.add(letter)
            if letter == "B" and last != label:
                b_only_separates = False
            last = label
    if letters & {"E", "S"}:
        return "BIOES"
    if "B" not in letters:
        return "IO"
    return "IOB1" if b_only_separates and "I" in letters else "BIO"


def read_tags(
    tags: Sequence[str], scheme: Scheme
) -> tuple[list[tuple[int, int, str]], list[tuple[int, str]]]:
    """Return spans (start, end, label) in tokens, end exclusive, and repairs as
    (token, kind). A tag that cannot continue the open span begins a new one."""
    spans: list[tuple[int, int, str]] = []
    repairs: list[tuple[int, str]] = []
    start, open_label, ended = 0, "", True

    def close(end: int) -> None:
        if open_label:
            spans.append((start, end, open_label))
            if scheme == "BIOES" and not ended:
                repairs.append((end - 1, "span without an end tag"))

    for i, tag in enumerate(tags):
        letter, label = split_tag(tag)
        if letter == "O":
            if tag != "O":
                repairs.append((i, f"tag {tag} read as O"))
            close(i)
            open_label = ""
            continue
        continues = label == open_label and not (scheme == "BIOES" and ended)
        if letter in "BS" or not continues:
            if letter in "IE" and scheme in ("BIO", "BIOES"):
                other = open_label and open_label != label
                repairs.append((i, OTHER_LABEL if other else NO_BEGINNING))
            close(i)
            start, open_label = i, label
        ended = letter in "ES"
    close(len(tags))
    return spans, repairs


NO_BEGINNING = "tag without a beginning, read as a beginning"
FURTHER_LAYER = "further tag of a token, which is not read"
OTHER_LABEL = "tag differs from the open span, read as a beginning"
