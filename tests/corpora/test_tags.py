"""Tags of each scheme are read as the spans that they were written for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_padellm.corpora.tags import (
    NO_BEGINNING,
    OTHER_LABEL,
    guess_scheme,
    read_tags,
    standard,
)

from .conftest import unhurried

LABELS = ("PER", "LOC", "O-LIKE")


@st.composite
def sentences_of_spans(draw) -> tuple[int, list[tuple[int, int, str]]]:
    """A length, and spans that do not overlap in text order."""
    spans, at = [], 0
    for _ in range(draw(st.integers(0, 5))):
        start = at + draw(st.integers(0, 2))
        end = start + draw(st.integers(1, 3))
        spans.append((start, end, draw(st.sampled_from(LABELS))))
        at = end
    return at + draw(st.integers(0, 2)), spans


def write_tags(size: int, spans, scheme: str) -> list[str]:
    """A slow, simple writer: one tag at a time."""
    tags = []
    for i in range(size):
        tag = "O"
        for start, end, label in spans:
            if not start <= i < end:
                continue
            touches = any(e == start and name == label for _, e, name in spans)
            if scheme == "BIOES":
                first, last = i == start, i == end - 1
                letter = "S" if first and last else "B" if first else "EI"[not last]
            elif scheme == "BIO":
                letter = "B" if i == start else "I"
            else:
                letter = "B" if i == start and touches else "I"
            tag = f"{letter}-{label}"
        tags.append(tag)
    return tags


@pytest.mark.parametrize("scheme", ["BIO", "BIOES", "IOB1"])
@unhurried
@given(sentence=sentences_of_spans())
def test_written_spans_are_read_back(scheme, sentence):
    size, spans = sentence
    assert read_tags(write_tags(size, spans, scheme), scheme) == (spans, [])


@unhurried
@given(
    tags=st.lists(st.sampled_from(["O", *(f"{c}-{n}" for c in "BIES" for n in "XY")]))
)
@pytest.mark.parametrize("scheme", ["IO", "IOB1", "BIO", "BIOES"])
def test_any_tags_give_spans_that_cover_just_the_tokens_with_tags(scheme, tags):
    spans, _ = read_tags(tags, scheme)
    covered = [i for start, end, _ in spans for i in range(start, end)]
    assert covered == [i for i, tag in enumerate(tags) if tag != "O"]
    for start, end, label in spans:
        assert {tag[2:] for tag in tags[start:end]} == {label}


@pytest.mark.parametrize(
    "tags, scheme",
    [
        ("I-PER I-PER O I-LOC", "IO"),
        ("I-PER B-PER I-PER O I-LOC", "IOB1"),
        ("B-PER I-PER O B-LOC", "BIO"),
        ("B-PER O", "BIO"),
        ("B-PER I-PER E-PER O S-LOC", "BIOES"),
        ("B-PER L-PER O U-LOC", "BIOES"),
        ("B-PER M-PER E-PER O", "BIOES"),
        ("O O", "IO"),
    ],
)
def test_the_scheme_is_guessed(tags, scheme):
    assert guess_scheme([tags.split()]) == scheme


@pytest.mark.parametrize(
    "tags, scheme, spans, repairs",
    [
        ("O I-PER I-PER", "BIO", [(1, 3, "PER")], [(1, NO_BEGINNING)]),
        ("B-PER I-LOC", "BIO", [(0, 1, "PER"), (1, 2, "LOC")], [(1, OTHER_LABEL)]),
        ("I-PER I-LOC", "IO", [(0, 1, "PER"), (1, 2, "LOC")], []),
        ("B-PER O", "BIOES", [(0, 1, "PER")], [(0, "span without an end tag")]),
        ("O E-PER", "BIOES", [(1, 2, "PER")], [(1, NO_BEGINNING)]),
        ("B-O I-O B-PER", "BIO", [(2, 3, "PER")],
         [(0, "tag B-O read as O"), (1, "tag I-O read as O")]),
        ("B-PER M-PER L-PER U-LOC", "BIOES", [(0, 3, "PER"), (3, 4, "LOC")], []),
    ],
)  # fmt: skip
def test_tags_that_cannot_follow_are_repaired_and_named(tags, scheme, spans, repairs):
    assert read_tags(tags.split(), scheme) == (spans, repairs)


@pytest.mark.parametrize(
    "tags, wanted",
    [
        ("b-per i-per o", "B-per I-per O"),
        ("b-PER i-PER O", "B-PER I-PER O"),
        ("B-per I-per o", "B-per I-per O"),
        ("i-per o", "I-per O"),
        ("b-per m-per e-per s-loc o", "B-per M-per E-per S-loc O"),
        ("per o", "I-per O"),
        ("PER O", "I-PER O"),
        # labels that begin so
        ("e-mail O", "I-e-mail O"),
        ("i-phone O", "I-i-phone O"),
        ("b-movie actor O", "I-b-movie I-actor O"),
        ("B-PER e-mail O", "B-PER I-e-mail O"),
        ("p l o O", "I-p I-l I-o O"),
    ],
)
def test_tags_in_lower_case_and_without_a_prefix(tags, wanted):
    read = standard(tags.split())
    assert [read[tag] for tag in tags.split()] == wanted.split()


@pytest.mark.parametrize(
    "content",
    [
        "Ada B\nByron I\nleft O\n",
        "token,tag\nAda,B\nByron,I\nleft,O\n",
        '{"tokens": ["Ada", "Byron", "left"], "ner_tags": ["b", "i", "o"]}',
        "tokens,tags\n\"['Ada', 'Byron']\",\"['B', 'I']\"\n",
    ],
    ids=["columns", "csv", "token_tags", "csv lists"],
)
def test_letters_without_a_label_are_an_error_that_says_what_to_do(corpus, content):
    with pytest.raises(ValueError, match=r"E223.*sample.txt:[12].*B-PER and I-PER"):
        corpus(content)
