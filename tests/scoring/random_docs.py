"""Random documents of a few tokens, with gold and predicted entities."""

from hypothesis import strategies as st

LABELS = ["PER", "LOC", "ORG"]
# first token, end (exclusive), label
Ents = list[tuple[int, int, str]]


@st.composite
def flat(draw, tokens: int) -> Ents:
    """Entities that do not overlap."""
    ents, at = [], 0
    while at < tokens:
        end = draw(st.integers(at + 1, min(tokens, at + 3)))
        label = draw(st.sampled_from([None, *LABELS]))
        if label:
            ents.append((at, end, label))
        at = end
    return ents


@st.composite
def nested(draw, tokens: int) -> Ents:
    """Distinct entities that may nest and overlap."""
    places = [(i, j) for i in range(tokens) for j in range(i + 1, tokens + 1)]
    ent = st.tuples(st.sampled_from(places or [None]), st.sampled_from(LABELS))
    ents = draw(st.lists(ent, max_size=5, unique=True)) if places else []
    return [(start, end, label) for (start, end), label in ents]


@st.composite
def documents(draw, kind=flat) -> list[tuple[int, Ents, Ents]]:
    """(tokens, gold, predicted) for each document. Many predictions are right."""
    docs = []
    for tokens in draw(st.lists(st.integers(0, 7), min_size=1, max_size=4)):
        gold = draw(kind(tokens))
        docs.append((tokens, gold, draw(kind(tokens) | st.just(gold))))
    return docs


def words(tokens: int) -> list[str]:
    """Distinct words of different lengths."""
    return [f"w{'o' * i}rd" for i in range(tokens)]


def characters(tokens: int, ents: Ents) -> Ents:
    """Convert tokens to characters of the words joined by spaces."""
    starts, at = [], 0
    for word in words(tokens):
        starts.append((at, at + len(word)))
        at += len(word) + 1
    return [(starts[i][0], starts[j - 1][1], label) for i, j, label in ents]
