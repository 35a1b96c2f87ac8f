"""How much labels claim: "person" more than "politician".

Two labels can both be right for a mention. A reader who asks for both wants the
narrower one, and the scores do not tell which that is. So the model looks for each
label in reference texts about things of many kinds: the broader one finds more of them.
"""

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import cache
from importlib.resources import files

from ..errors import Warnings
from ..types import LabelNames, Mention
from .base import Extraction, Query, estimated_tokens

logger = logging.getLogger(__name__)

# Estimated tokens of a reference text, and the most in a pass.
TEXT_TOKENS = 20
PASS_TOKENS = 4096
# Labels that take long enough to tell the user, about half a minute on two cores.
MANY_LABELS = 100


def weigh(
    labels: Sequence[LabelNames],
    found: Sequence[Extraction],
    find: Callable[[Sequence[Query]], Sequence[Extraction]],
    *,
    known: dict[str, float],
    power: float,
) -> list[Extraction]:
    """Give the mentions of labels that compete a weight: the breadth of their label to
    the `power`.

    labels, found: of each text. find: runs the model.
    known: name → breadth, as far as they are known; others are added.
    """
    competing = [competing_labels(extraction.mentions) for extraction in found]
    names = {
        named[label]
        for named, some in zip(labels, competing, strict=True)
        for label in some
    }
    remember(names, find, known=known)
    return [
        replace(
            extraction,
            mentions=tuple(
                replace(one, weight=known[named[one.label]] ** power)
                if one.label in some
                else one
                for one in extraction.mentions
            ),
        )
        if some
        else extraction
        for named, extraction, some in zip(labels, found, competing, strict=True)
    ]


def remember(
    names: Iterable[str],
    find: Callable[[Sequence[Query]], Sequence[Extraction]],
    *,
    known: dict[str, float],
) -> None:
    """Measure the breadths of names that are not known, and add them.

    find: extracts the mentions of queries with the model.
    """
    new = sorted(name for name in names if name not in known)
    if len(new) >= MANY_LABELS:
        logger.warning(Warnings.W810.format(number=len(new)))
    for script in ("latin", "chinese"):
        asked = [name for name in new if script_of(name) == script]
        for name, breadth in breadths(asked, reference_texts(script), find).items():
            known.setdefault(name, breadth)  # another thread may have been faster


def competing_labels(mentions: Iterable[Mention]) -> set[str]:
    """The labels with mentions that overlap those of other labels. All mentions have a
    `start`."""
    found: set[str] = set()
    ends: dict[str, int] = {}
    for mention in sorted(mentions, key=lambda one: one.start):
        label = mention.label
        others = {o for o, end in ends.items() if o != label and mention.start < end}
        if others:
            found |= {label, *others}
        ends[label] = max(mention.start + len(mention.text), ends.get(label, 0))
    return found


def breadths(
    names: Sequence[str],
    texts: Sequence[str],
    find: Callable[[Sequence[Query]], Sequence[Extraction]],
) -> dict[str, float]:
    """The breadth of labels by their names: one, plus the scores of all that they find
    in the texts."""
    found = dict.fromkeys(names, 1.0)
    if not names:
        return found
    named = dict(zip(names, names, strict=True))
    for part in _parts(texts, TEXT_TOKENS + estimated_tokens(names)):
        for extraction in find([Query(text, named) for text in part]):
            for mention in extraction.mentions:
                found[mention.label] += mention.score
    return found


def _parts(texts: Sequence[str], tokens: int) -> Iterator[Sequence[str]]:
    """Texts of so many tokens each, in parts for one pass."""
    size = max(1, PASS_TOKENS // tokens)
    for first in range(0, len(texts), size):
        yield texts[first : first + size]


def script_of(name: str) -> str:
    """The script of a label's name; the label is asked about texts in it."""
    is_chinese = any("\u4e00" <= char <= "\u9fff" for char in name)
    return "chinese" if is_chinese else "latin"


@cache
def reference_texts(script: str) -> tuple[str, ...]:
    """Short texts, which are part of the package."""
    file = files(__package__) / "reference" / f"{script}.txt"
    return tuple(file.read_text(encoding="utf8").splitlines())
