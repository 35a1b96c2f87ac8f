"""Convert tags of the IO, IOB1, BIO and BIOES schemes to spans."""

import re
from collections.abc import Iterable, Sequence
from typing import Literal, TypeAlias

Scheme: TypeAlias = Literal["IO", "IOB1", "BIO", "BIOES"]
TAG = re.compile(r"O|[BIESLUM][-_]\S.*", re.DOTALL)
BARE_TAG = re.compile(r"[^\W\d_][\w./&-]*")
# BILOU and BMES are the BIOES scheme with other letters
LETTERS = {"L": "E", "U": "S", "M": "I"}


def split_tag(tag: str) -> tuple[str, str]:
    """Split "B-PER" to ("B", "PER"). "O" and tags with the label O are ("O", "")."""
    if tag == "O" or tag[2:] == "O":
        return "O", ""
    return LETTERS.get(tag[0], tag[0]), tag[2:]


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
OTHER_LABEL = "tag differs from the open span, read as a beginning"
