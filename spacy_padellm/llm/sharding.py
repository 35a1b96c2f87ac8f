"""Shard docs that are too long for the model."""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from spacy.tokens import Doc
from spacy_llm.ty import NTokenEstimator

from ..errors import Errors
from ..spans.sentences import sentence_ends
from ..spans.windows import cut
from ..types import Window


class Shards(list[Doc]):
    """The shards of a doc, and the doc itself.

    Raises ValueError unless the shards contain each token exactly once.
    """

    def __init__(self, doc: Doc, shards: Sequence[Doc]) -> None:
        super().__init__(shards)
        self.doc = doc
        n_tokens = sum(map(len, shards))
        if n_tokens != len(doc):
            raise ValueError(Errors.E847.format(found=n_tokens, expected=len(doc)))

    @classmethod
    def fused(cls, shards: Iterable[Doc]) -> "Shards":
        """Create it from shards alone. The doc is rebuilt from them."""
        docs = list(shards)
        if len(docs) == 1:
            return cls(docs[0], docs)
        return cls(Doc.from_docs(docs, ensure_whitespace=False), docs)

    def windows(self) -> Iterator[Window]:
        """Yield the window of each shard in the doc."""
        start = 0
        for shard in self:
            end = start + len(shard)
            yield Window(start, end, start, end)
            start = end


@dataclass(frozen=True, slots=True)
class SentenceShardMapper:
    """Fills each shard with as many whole sentences as fit.

    If the doc has sentence boundaries, they are used. Otherwise simple rules split it.
    A sentence that does not fit is cut after a comma, semicolon or whitespace if the
    second half of the part that fits has one.

    n_tokens: returns the number of tokens that the model needs for a prompt.
    """

    n_tokens: NTokenEstimator

    def __call__(
        self,
        doc: Doc,
        i_doc: int,
        context_length: int,
        render_template: Callable[[Doc, int, int, int], str],
    ) -> list[Doc]:
        """Return the shards of a doc. Raises ValueError if one token is too long."""

        def fits(shard: Doc) -> bool:
            return self.n_tokens(render_template(shard, 0, i_doc, 1)) <= context_length

        if fits(doc):
            return [doc]
        shards = []
        ends = sentence_ends(doc)
        start = 0
        while start < len(doc):
            # most spaCy tokens need at least one model token
            max_end = min(start + context_length, len(doc))
            end = _shard_end(doc, start, max_end, ends, fits)
            if end is None:
                token = doc[start].text
                raise ValueError(Errors.E844.format(token=token, value=context_length))
            shards.append(_shard(doc, start, end))
            start = end
        return shards


def _shard(doc: Doc, start: int, end: int) -> Doc:
    """Copy the words of a slice. `Span.as_doc` is slow: it processes the whole doc."""
    tokens = doc[start:end]
    words = [token.text for token in tokens]
    spaces = [bool(token.whitespace_) for token in tokens]
    return Doc(doc.vocab, words=words, spaces=spaces)


def _shard_end(
    doc: Doc,
    start: int,
    max_end: int,
    sentences: Sequence[int],
    fits: Callable[[Doc], bool],
) -> int | None:
    """Return the end of the shard that starts at `start`. None if no token fits."""

    def last_that_fits(ends: Sequence[int]) -> int | None:
        n = bisect_left(ends, True, key=lambda end: not fits(_shard(doc, start, end)))
        return ends[n - 1] if n else None

    end = last_that_fits([end for end in sentences if start < end <= max_end])
    if end is not None:
        return end
    limit = last_that_fits(range(start + 1, max_end + 1))
    return None if limit is None else cut(doc, start, limit)
