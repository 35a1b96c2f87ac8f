"""Documents that differ in one thing: length, labels, mentions, batch size, number."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, cycle, islice

from spacy.tokens import Doc
from spacy.vocab import Vocab

from spacy_padellm.types import LabelNames

# Names for more labels. An adapter that was trained on four answers for these as well.
MORE_NAMES = (
    "date", "time", "money", "percentage", "country", "city", "river", "mountain",
    "company", "newspaper", "team", "sport", "event", "law", "language", "religion",
    "nationality", "profession", "disease", "drug", "animal", "plant", "vehicle",
    "building", "book", "film", "song", "weapon", "award", "currency", "product",
)  # fmt: skip
PEOPLE = ("Maria Jensen", "Li Wei", "John Smith", "Anna Kowalska", "Omar Haddad")
FILLER = "it was said that the weather had been dry for most of the week and".split()


@dataclass(frozen=True, slots=True)
class Point:
    """The documents for one point of a curve.

    axis: the thing that varies. x: its value.
    batch_tokens: padded tokens of texts in a batch, at most.
    """

    axis: str
    x: int
    docs: tuple[Doc, ...]
    labels: LabelNames
    batch_tokens: int


def points(
    vocab: Vocab,
    docs: Sequence[Doc],
    labels: LabelNames,
    axes: dict[str, Sequence[int]],
    batch_tokens: int,
) -> Iterator[Point]:
    """Yield all points of all axes.

    docs: real documents, from which the others are made.
    axes: axis → its values. "text length" counts words, "mentions" counts people in a
        text of 64 words.
    batch_tokens: for the axis "documents".
    """
    few = tuple(docs[:8])
    for n in axes["text length"]:
        yield Point("text length", n, running_text(vocab, docs, n), labels, 1)
    for n in axes["labels"]:
        yield Point("labels", n, few, n_labels(labels, n), 1)
    for n in axes["mentions"]:
        yield Point("mentions", n, (with_people(vocab, n),), labels, 1)
    for n in axes["batch size"]:
        yield Point("batch size", n, repeated(docs, n), labels, 10**9)
    for n in axes["documents"]:
        yield Point("documents", n, repeated(docs, n), labels, batch_tokens)


def running_text(
    vocab: Vocab, docs: Sequence[Doc], n_words: int, n_texts: int = 4
) -> tuple[Doc, ...]:
    """Texts of exactly `n_words` words, cut from the concatenated documents."""
    words = cycle(chain.from_iterable(docs))
    return tuple(
        Doc(vocab, [token.text for token in islice(words, n_words)])
        for _ in range(n_texts)
    )


def n_labels(labels: LabelNames, n: int) -> LabelNames:
    """The first `n` labels, filled up from `MORE_NAMES`."""
    more = {name: name for name in MORE_NAMES}
    return dict(islice((labels | more).items(), n))


def with_people(vocab: Vocab, n: int, n_words: int = 64) -> Doc:
    """A text of `n_words` words that names `n` people."""
    names = " , ".join(islice(cycle(PEOPLE), n)).split()
    words = [*names, *islice(cycle(FILLER), n_words)]
    return Doc(vocab, words[:n_words])


def repeated(docs: Sequence[Doc], n: int) -> tuple[Doc, ...]:
    """`n` documents, repeated from the first if there are too few."""
    return tuple(islice(cycle(docs), n))
