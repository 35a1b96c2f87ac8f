"""Measure the model's outputs: mentions that are not in the text, and lengths."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ..spans.align import align_mentions
from ..types import Mention


@dataclass(frozen=True, slots=True)
class WrittenMentions:
    """The number of generated mentions, and of those that are not in the text."""

    written: int = 0
    not_in_text: int = 0

    @property
    def share_not_in_text(self) -> float:
        """The share of mentions that are not in the text, 0 to 1. 0.0 if there are no
        mentions."""
        return self.not_in_text / self.written if self.written else 0.0


def score_mentions(read: Iterable[tuple[str, Sequence[Mention]]]) -> WrittenMentions:
    """Count the mentions that are not in their text.

    read: (text, mentions) for each window, with all mentions before any are dropped.

    Each occurrence in the text counts for one mention of a label. If the model
    generates a mention more often than it occurs, the rest are not in the text.
    """
    written = not_in_text = 0
    for text, mentions in read:
        written += len(mentions)
        not_in_text += len(align_mentions(text, mentions, starts=(), ends=()).missing)
    return WrittenMentions(written, not_in_text)


@dataclass(frozen=True, slots=True)
class SequenceLengths:
    """Lengths of the generated sequences, in tokens. They include the end tokens.

    tokens: the sum over all sequences.
    steps: the length of each document's longest sequence, summed over documents.
    """

    documents: int = 0
    sequences: int = 0
    tokens: int = 0
    steps: int = 0

    @property
    def mean(self) -> float:
        """Mean tokens per sequence, as in the paper. 0.0 without sequences."""
        return self.tokens / self.sequences if self.sequences else 0.0

    @property
    def mean_steps(self) -> float:
        """Mean decoding steps per document. 0.0 without documents.

        The sequences of a document are decoded in parallel. The number of steps is
        therefore the length of the longest one.
        """
        return self.steps / self.documents if self.documents else 0.0


def score_lengths(documents: Iterable[Sequence[int]]) -> SequenceLengths:
    """Sum up the lengths of each document's sequences, in tokens.

    A document without sequences counts as a document with no steps.
    """
    lengths = [tuple(document) for document in documents]
    return SequenceLengths(
        documents=len(lengths),
        sequences=sum(map(len, lengths)),
        tokens=sum(map(sum, lengths)),
        steps=sum(max(document, default=0) for document in lengths),
    )
