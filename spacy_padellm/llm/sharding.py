"""Docs that are too long for the model, cut as spacy-llm's shard mappers do."""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from spacy.tokens import Doc
from spacy_llm.ty import NTokenEstimator

from ..errors import Errors
from ..spans.sentences import sentence_ends
from ..spans.windows import PAUSES
from ..types import Window


class Shards(list[Doc]):
    """The shards of a doc, and the doc itself.

    Raises ValueError if they do not tile it.
    """

    def __init__(self, doc: Doc, shards: Sequence[Doc]) -> None:
        super().__init__(shards)
        self.doc = doc
        n_tokens = sum(map(len, shards))
        if n_tokens != len(doc):
            raise ValueError(Errors.E847.format(found=n_tokens, expected=len(doc)))

    @classmethod
    def fused(cls, shards: Iterable[Doc]) -> "Shards":
        """Shards of a doc that is not there any more: it is put together again."""
        docs = list(shards)
        if len(docs) == 1:
            return cls(docs[0], docs)
        return cls(Doc.from_docs(docs, ensure_whitespace=False), docs)

    def windows(self) -> Iterator[Window]:
        """Where each shard lies in the doc."""
        start = 0
        for shard in self:
            end = start + len(shard)
            yield Window(start, end, start, end)
            start = end


@dataclass(frozen=True, slots=True)
class SentenceShardMapper:
    """Shards of whole sentences, as many as fit; a `ShardMapper` of spacy-llm.

    The doc's own sentences are used where it has any, else simple rules split it. A
    sentence that does not fit is cut, after a comma, semicolon or whitespace where
    there is one in the second half of what fits.

    n_tokens: the tokens that the model needs for a prompt.
    """

    n_tokens: NTokenEstimator

    def __call__(
        self,
        doc: Doc,
        i_doc: int,
        context_length: int,
        render_template: Callable[[Doc, int, int, int], str],
    ) -> list[Doc]:
        """Raises ValueError where not even one token of the doc fits."""

        def fits(shard: Doc) -> bool:
            return self.n_tokens(render_template(shard, 0, i_doc, 1)) <= context_length

        if fits(doc):
            return [doc]
        shards = []
        ends = sentence_ends(doc)
        start = 0
        while start < len(doc):
            # few of spaCy's tokens take less than one of the model's
            furthest = min(start + context_length, len(doc))
            end = _end(doc, start, furthest, ends, fits)
            if end is None:
                token = doc[start].text
                raise ValueError(Errors.E844.format(token=token, value=context_length))
            shards.append(_shard(doc, start, end))
            start = end
        return shards


def _shard(doc: Doc, start: int, end: int) -> Doc:
    """A slice of a doc, its words alone: `Span.as_doc` takes time for the whole doc."""
    tokens = doc[start:end]
    words = [token.text for token in tokens]
    spaces = [bool(token.whitespace_) for token in tokens]
    return Doc(doc.vocab, words=words, spaces=spaces)


def _end(
    doc: Doc,
    start: int,
    furthest: int,
    sentences: Sequence[int],
    fits: Callable[[Doc], bool],
) -> int | None:
    """Where a shard ends that starts at token `start`; None if not one token fits."""

    def last_that_fits(ends: Sequence[int]) -> int | None:
        n = bisect_left(ends, True, key=lambda end: not fits(_shard(doc, start, end)))
        return ends[n - 1] if n else None

    end = last_that_fits([end for end in sentences if start < end <= furthest])
    if end is not None:
        return end
    hard = last_that_fits(range(start + 1, furthest + 1))
    if hard is None:
        return None
    for i in range(hard - 1, (start + hard) // 2 - 1, -1):
        if doc[i].is_space or doc[i].text in PAUSES:
            return i + 1
    return hard
