"""OntoNotes .name files, with invented texts."""

import pytest

from .conftest import mentions, problems

ADA = '<ENAMEX TYPE="PERSON">Ada Byron</ENAMEX> left <ENAMEX TYPE="GPE">Rome</ENAMEX> .'


def name_file(*lines: str) -> str:
    head = '<DOC DOCNO="nw/a/00/a_0001@0001@a@nw@en@on">'
    return "\n".join([head, *lines, "</DOC>", ""])


def test_tags_are_names_numbers_and_times(corpus):
    other = 'It is <TIMEX TYPE="DATE">May 9</TIMEX> for <NUMEX TYPE="MONEY">$ 5</NUMEX>'
    read = corpus(name_file(ADA, other), "a_0001.name")
    assert read.format == "ontonotes"
    assert mentions(read) == [
        [("Ada Byron", "PERSON"), ("Rome", "GPE")],
        [("May 9", "DATE"), ("$ 5", "MONEY")],
    ]
    assert [text.line for text in read.texts] == [2, 3]
    assert read.texts[0].document.startswith("nw/a/00/a_0001")
    assert read.texts[0].text == "Ada Byron left Rome ."
    assert problems(read) == []


def test_names_may_nest_and_escapes_are_resolved(corpus):
    inner = '<ENAMEX TYPE="GPE">Rome</ENAMEX>'
    read = corpus(name_file(f'<ENAMEX TYPE="ORG">A&amp;B of {inner}</ENAMEX>'))
    assert mentions(read) == [[("A&B of Rome", "ORG"), ("Rome", "GPE")]]


def test_offsets_leave_out_characters_of_the_first_and_last_token(corpus):
    line = '<ENAMEX TYPE="GPE" S_OFF="4" E_OFF="6">non-Rome-based</ENAMEX> firms'
    assert mentions(corpus(name_file(line))) == [[("Rome", "GPE")]]


def test_chinese_is_joined_without_spaces(corpus):
    line = '<ENAMEX TYPE="PERSON">艾达</ENAMEX> 离开 <ENAMEX TYPE="GPE">罗 马</ENAMEX>'
    read = corpus(name_file(line))
    assert read.texts[0].text == "艾达离开罗马"
    assert mentions(read) == [[("艾达", "PERSON"), ("罗马", "GPE")]]


@pytest.mark.parametrize(
    "line, kind",
    [
        ('<ENAMEX TYPE="ORG">Ada left', "line with a tag that does not close"),
        ("Ada</ENAMEX> left", "line with a tag that closes nothing"),
        ('<ENAMEX TYPE="ORG Ada left', "line with a broken tag"),
    ],
)
def test_a_line_whose_tags_do_not_match_is_skipped(corpus, line, kind):
    read = corpus(name_file(ADA, line, "Yes ."))
    assert [text.text for text in read.texts] == ["Ada Byron left Rome .", "Yes ."]
    assert problems(read) == [(3, "skipped", kind)]


@pytest.mark.parametrize(
    "tag, kind",
    [
        ('<ENAMEX TYPE="GPE" E_OFF="9">Rome</ENAMEX>', "entity outside the text"),
        ('<ENAMEX TYPE="GPE" E_OFF="x">Rome</ENAMEX>',
         "entity without a label or offset"),
        (f'<ENAMEX TYPE="GPE" S_OFF="{"9" * 5_000}">Rome</ENAMEX>',
         "entity without a label or offset"),
        ("<ENAMEX>Rome</ENAMEX>", "entity without a label or offset"),
    ],
)  # fmt: skip
def test_the_place_of_an_entity_that_cannot_be_used_is_unknown(corpus, tag, kind):
    read = corpus(name_file(ADA, f"in {tag} ."))
    assert mentions(read)[1] == []
    assert [(e.start, e.end) for e in read.texts[1].unknown] == [(3, 7)]
    assert problems(read) == [(3, "skipped", kind)]


def test_a_tag_without_text_is_skipped(corpus):
    read = corpus(name_file(ADA, 'Rome <ENAMEX TYPE="GPE"></ENAMEX>'))
    assert problems(read) == [(3, "skipped", "entity without text")]
    assert read.texts[1].unknown == ()
