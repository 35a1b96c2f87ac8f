"""Ways in which Pointer reads labels: what each sees, and in which tree it stands."""

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Protocol, TypeAlias

from ..trees.pointers import (
    LabelTree,
    NameTree,
    PointerTree,
    pack_labels,
    pack_names,
    pack_pointers,
    pack_with_names,
)
from ..types import LabelNames, TokenIds
from .base import estimated_tokens
from .segments import TextSegments

# Attention over a tree costs the square of its tokens, so many labels are split into
# parts of this many tokens, and the text is read once for each part.
PART_TOKENS = 512
# A part of labels whose names are read once: as many tokens and last tokens.
PART_NAMES = 2048

# The tokens of each label, or a tree of them.
Labels: TypeAlias = Sequence[TokenIds] | LabelTree | NameTree


class LabelReading(Protocol):
    """A way to read labels.

    format_name: of the format that reads labels so, in the card of an adapter.
    """

    format_name: str

    def estimated_tokens(self, labels: LabelNames) -> int:
        """About how many tokens of a text's pass are those of labels."""
        ...

    def together(self, text: TextSegments, branches: Sequence[TokenIds]) -> Labels:
        """All labels as `tree` takes them. branches: the tokens of each."""
        ...

    def parts(self, text: TextSegments, branches: Sequence[TokenIds]) -> list[Labels]:
        """Labels as `tree` takes them, in parts that are not too large. Other texts
        with the same labels have the same parts."""
        ...

    def tree(
        self, text: TextSegments, labels: Labels, gold: dict[str, Any] | None = None
    ) -> PointerTree:
        """A text and its labels. gold: the fields of `GoldPointers`, if it is one."""
        ...


class BehindTheText:
    """Each token of a label sees the text."""

    format_name = "Pointer"

    def estimated_tokens(self, labels: LabelNames) -> int:
        return estimated_tokens(labels.values())

    def together(self, text: TextSegments, branches: Sequence[TokenIds]) -> Labels:
        return branches

    def parts(self, text: TextSegments, branches: Sequence[TokenIds]) -> list[Labels]:
        return [*_parts(branches, PART_TOKENS)]

    def tree(
        self, text: TextSegments, labels: Labels, gold: dict[str, Any] | None = None
    ) -> PointerTree:
        stem = len(text.prompt)
        return pack_pointers(text.prompt, _keys(text), labels, stem=stem, gold=gold)


class NamesOnce:
    """The name of a label sees no text, and its last token sees name and text."""

    format_name = "Pointer, labels once"

    def estimated_tokens(self, labels: LabelNames) -> int:
        return len(labels)

    def together(self, text: TextSegments, branches: Sequence[TokenIds]) -> Labels:
        # the start of a prompt, and its end
        before = text.prompt[: text.stem] + text.prompt[text.stem + text.n_tokens :]
        return pack_names(before, branches)

    def parts(self, text: TextSegments, branches: Sequence[TokenIds]) -> list[Labels]:
        parts = _parts(branches, PART_NAMES, most_labels=PART_TOKENS)
        return [self.together(text, part) for part in parts]

    def tree(
        self, text: TextSegments, labels: Labels, gold: dict[str, Any] | None = None
    ) -> PointerTree:
        return pack_with_names(text.prompt, _keys(text), labels, gold)


class LabelsAlone:
    """No token of a label sees the text."""

    format_name = "Pointer, labels alone"

    def estimated_tokens(self, labels: LabelNames) -> int:
        return 0

    def together(self, text: TextSegments, branches: Sequence[TokenIds]) -> Labels:
        return branches

    def parts(self, text: TextSegments, branches: Sequence[TokenIds]) -> list[Labels]:
        return [pack_labels(text.prompt[: text.stem], branches)]

    def tree(
        self, text: TextSegments, labels: Labels, gold: dict[str, Any] | None = None
    ) -> PointerTree:
        return pack_pointers(
            text.prompt, _keys(text), labels, stem=text.stem, gold=gold
        )


# By the setting `labels` of Pointer.
LABEL_READINGS: Mapping[str, LabelReading] = MappingProxyType(
    {"once": NamesOnce(), "behind": BehindTheText(), "alone": LabelsAlone()}
)


def _keys(text: TextSegments) -> range:
    return range(text.stem, text.stem + text.n_tokens)


def _parts(
    branches: Sequence[TokenIds], most_tokens: int, most_labels: int | None = None
) -> Iterator[list[TokenIds]]:
    """Branches in parts of at most so many tokens and labels, or of one branch. Labels
    do not see each other, so the parts of a text can be in trees of their own."""
    part: list[TokenIds] = []
    n_tokens = 0
    for branch in branches:
        n_tokens += len(branch)
        if part and (n_tokens > most_tokens or len(part) == most_labels):
            yield part
            part, n_tokens = [], len(branch)
        part.append(branch)
    yield part
