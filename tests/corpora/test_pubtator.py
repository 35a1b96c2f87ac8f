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


FIRST = "10|t|Ada left\n10|a|She slept.\n10\t0\t3\tAda\tPER\t1\n"
SECOND = "11|t|Ada is in Rome\n11\t10\t14\tRome\tLOC\t2\n"


def test_documents_need_no_blank_line_between_them(corpus):
    read = corpus(FIRST + SECOND)
    assert mentions(read) == [[("Ada", "PER")], [("Rome", "LOC")]]
    assert [text.document for text in read.texts] == ["10", "11"]
    assert problems(read) == []


def test_a_blank_line_does_not_end_a_document(corpus):
    read = corpus(FIRST.replace("\n", "\n\n") + "\n" + SECOND)
    assert mentions(read) == [[("Ada", "PER")], [("Rome", "LOC")]]
    assert problems(read) == []


def test_an_entity_of_another_document_is_reported(corpus):
    read = corpus(FIRST + "12\t0\t3\tAda\tORG\t1\n" + SECOND)
    assert mentions(read) == [[("Ada", "PER")], [("Rome", "LOC")]]
    assert [bool(text.unknown) for text in read.texts] == [True, False]
    assert problems(read) == [(1, "skipped", "entity of another document")]
