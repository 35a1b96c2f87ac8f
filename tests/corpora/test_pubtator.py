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


SECOND = "11|t|Bo stays\n11|a|He waits.\n11\t0\t2\tBo\tPerson\n"
ELSEWHERE = "entity of another document"


@pytest.mark.parametrize("gap", ["", "\n", " \n\n"])
def test_a_title_or_another_id_begins_a_document(corpus, gap):
    read = corpus(DOCUMENT + gap + SECOND + gap + SECOND.replace("11", "12"))
    assert mentions(read) == [WANTED, [("Bo", "Person")], [("Bo", "Person")]]
    assert [text.document for text in read.texts] == ["10", "11", "12"]
    assert problems(read) == []


def test_empty_lines_in_a_document_do_not_end_it(corpus):
    read = corpus("\n\n".join((DOCUMENT + SECOND).splitlines()) + "\n")
    assert mentions(read) == [WANTED, [("Bo", "Person")]]
    assert read.texts[0].text == "😀 Ada left She is in Rome."
    assert problems(read) == []


@pytest.mark.parametrize("gap", ["", "\n"])
@pytest.mark.parametrize("id, unknown", [("11", [1, 1]), ("12", [1, 0])])
def test_an_entity_of_another_document_leaves_both_unknown(corpus, gap, id, unknown):
    stray = f"{id}\t2\t5\tAda\tPerson\n"
    read = corpus(f"{DOCUMENT}{stray}10\t0\t1\t😀\tSmile\n{gap}{SECOND}")
    assert mentions(read) == [[("😀", "Smile"), *WANTED], [("Bo", "Person")]]
    assert problems(read) == [(6, "skipped", ELSEWHERE)]
    assert [bool(text.unknown) for text in read.texts] == unknown


def test_an_entity_of_an_earlier_document_leaves_both_unknown(corpus):
    read = corpus(f"{DOCUMENT}{SECOND}\n10\t0\t1\t😀\tSmile\n")
    assert mentions(read) == [WANTED, [("Bo", "Person")]]
    assert problems(read) == [(10, "skipped", ELSEWHERE)]
    assert all(text.unknown for text in read.texts)


def test_entities_alone_after_a_gap_are_a_document_without_a_title(corpus):
    read = corpus(f"{DOCUMENT}\n12\t0\t1\tA\tGene\n12\t2\t3\tB\tGene\n\n{SECOND}")
    assert mentions(read) == [WANTED, [("Bo", "Person")]]
    assert problems(read) == [(7, "skipped", "document without a title")]
    assert not any(text.unknown for text in read.texts)


def test_entities_before_their_title_are_read(corpus):
    title, abstract, entity = SECOND.splitlines()
    read = corpus(f"{DOCUMENT}\n{entity}\n{title}\n{abstract}\n")
    assert mentions(read) == [WANTED, [("Bo", "Person")]]
    assert problems(read) == []


def test_a_text_with_a_second_abstract_is_unknown(corpus):
    second = "11|t|Bo stays\n11|a|He waits.\n11|a|Bo sits.\n11\t0\t2\tBo\tPerson\n"
    read = corpus(DOCUMENT + second)
    assert mentions(read) == [WANTED, []]
    assert [bool(text.unknown) for text in read.texts] == [False, True]
    assert {kind for _, _, kind in problems(read)} == {
        "title or abstract repeated",
        "document without a title",
    }


def test_a_line_that_cannot_be_read_after_a_gap_leaves_its_text_unknown(corpus):
    read = corpus(f"{DOCUMENT}\nA second paragraph.\n{SECOND}")
    assert mentions(read) == [WANTED, [("Bo", "Person")]]
    assert [bool(text.unknown) for text in read.texts] == [True, False]
