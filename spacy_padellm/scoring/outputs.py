"""What the model wrote: how much of it is not in the text, and how long it is."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ..spans.align import align_mentions
from ..types import Mention


@dataclass(frozen=True, slots=True)
class WrittenMentions:
    """How many mentions the model wrote, and how many of them are not in the text."""

    written: int = 0
    not_in_text: int = 0

    @property
    def share_not_in_text(self) -> float:
        """0 to 1; 0.0 where nothing was written."""
        return self.not_in_text / self.written if self.written else 0.0


def score_mentions(read: Iterable[tuple[str, Sequence[Mention]]]) -> WrittenMentions:
    """Look for every mention in the text that it was written for.

    read: each text as the model read it (of a doc in several windows, each window's)
        with all the mentions written for it, before any are dropped.

    A mention counts as not in the text as well if the model wrote it more often than
    it occurs there: each occurrence answers for one mention of a label.
    """
    written = not_in_text = 0
    for text, mentions in read:
        written += len(mentions)
        not_in_text += len(align_mentions(text, mentions, starts=(), ends=()).missing)
    return WrittenMentions(written, not_in_text)


@dataclass(frozen=True, slots=True)
class SequenceLengths:
    """Lengths of the sequences that were generated, in tokens, ends included.

    tokens: of all sequences together.
    steps: of the longest sequence of each document, summed over the documents.
    """

    documents: int = 0
    sequences: int = 0
    tokens: int = 0
    steps: int = 0

    @property
    def mean(self) -> float:
        """Tokens in a sequence, the figure of the paper's table; 0.0 without any."""
        return self.tokens / self.sequences if self.sequences else 0.0

    @property
    def mean_steps(self) -> float:
        """Decoding steps a document: tokens of its longest sequence; 0.0 without any.

        All sequences of a document are decoded side by side, so that the longest says
        how long it takes.
        """
        return self.steps / self.documents if self.documents else 0.0


def score_lengths(documents: Iterable[Sequence[int]]) -> SequenceLengths:
    """Sum up the lengths of each document's sequences, in tokens.

    A document for which nothing was generated takes no steps, and is one all the same.
    """
    lengths = [tuple(document) for document in documents]
    return SequenceLengths(
        documents=len(lengths),
        sequences=sum(map(len, lengths)),
        tokens=sum(map(sum, lengths)),
        steps=sum(max(document, default=0) for document in lengths),
    )
