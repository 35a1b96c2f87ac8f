"""PubTator's titles, abstracts and entities."""

import pytest

from .conftest import mentions, problems

DOCUMENT = (
    "10|t|😀 Ada left\n"
    "10|a|She is in Rome.\n"
    "10\t2\t5\tAda\tPerson\t1\n"
    "10\t21\t25\tRome\tPlace\t7\tRome|Roma\n"
    "10\tCID\t1\t7\n"
)
WANTED = [("Ada", "Person"), ("Rome", "Place")]


@pytest.mark.parametrize("before, newline", [("", "\n"), ("\ufeff", "\r\n")])
def test_offsets_count_from_the_title_on(corpus, before, newline):
    content = f"{DOCUMENT}\n11|t|Yes.\n11|a|\n\n"
    read = corpus(before + content.replace("\n", newline))
    assert read.format == "pubtator"
    assert mentions(read) == [WANTED, []]
    assert [text.document for text in read.texts] == ["10", "11"]
    assert [text.line for text in read.texts] == [1, 7]
    assert problems(read) == []


@pytest.mark.parametrize(
    "line, kind",
    [
        ("10\t21\t99\tParis\tPlace", "mention is not at its offsets"),
        ("10\t-2\t25\tParis\tPlace", "mention is not at its offsets"),
        ("10\t21\t25\tRome", "line is neither an entity nor a relation"),
        ("10\t21\t25\tRome\t", "entity without a label"),
        ("10 21 25 Rome Place", "line is neither an entity nor a relation"),
    ],
)
def test_what_cannot_be_used_is_unknown(corpus, line, kind):
    read = corpus(
        f"10|t|😀 Ada left\n10|a|She is in Rome.\n10\t2\t5\tAda\tPerson\n{line}\n"
    )
    assert mentions(read) == [WANTED[:1]]
    assert [(a, k) for _, a, k in problems(read)] == [("skipped", kind)]
    assert read.texts[0].unknown


def test_utf16_offsets_are_named(corpus):
    read = corpus(DOCUMENT.replace("\t2\t5\t", "\t3\t6\t"))
    assert mentions(read) == [WANTED]
    kind = "offsets seem to count UTF-16 units, converted"
    assert [(a, k) for _, a, k in problems(read)] == [("repaired", kind)]


def test_a_document_without_a_title_is_reported(corpus):
    read = corpus(f"{DOCUMENT}\n11|a|Yes.\n")
    assert problems(read) == [(7, "skipped", "document without a title")]
