"""CoNLL-2012 columns, with invented texts in the format of OntoNotes 5."""

import pytest

from .conftest import mentions, problems


def row(number: int, word: str, name: str) -> str:
    return f"bc/a/00/a_0000   0   {number}   {word}   NN   * - - - Ada#1   {name}   * -"


def conll(*sentences: str) -> str:
    """Convert `Ada:(PERSON* Byron:*)` to rows between begin and end."""
    lines = ["#begin document (bc/a/00/a_0000); part 000"]
    for sentence in sentences:
        pairs = [token.rsplit(":", 1) for token in sentence.split()]
        lines += [row(i, *pair) for i, pair in enumerate(pairs)] + [""]
    return "\n".join([*lines, "#end document", ""])


ADA = "Ada:(PERSON* Byron:*) saw:* Rome:(GPE) .:*"


def test_brackets_are_names(corpus):
    read = corpus(conll(ADA, "Yes:* .:*"), "a_0000.v4_gold_conll")
    assert read.format == "conll2012"
    assert mentions(read) == [[("Ada Byron", "PERSON"), ("Rome", "GPE")], []]
    assert [text.line for text in read.texts] == [2, 8]
    assert read.texts[0].document == "bc/a/00/a_0000 000"
    assert problems(read) == []


def test_brackets_may_nest(corpus):
    read = corpus(conll("Bank:(ORG* of:* New:(GPE* York:*))"))
    assert mentions(read) == [[("Bank of New York", "ORG"), ("New York", "GPE")]]


def test_chinese_is_joined_without_spaces(corpus):
    read = corpus(conll("艾达:(PERSON) 在:* 罗马:(GPE)"))
    assert read.texts[0].text == "艾达在罗马"
    assert mentions(read) == [[("艾达", "PERSON"), ("罗马", "GPE")]]


@pytest.mark.parametrize(
    "sentence, line, kind",
    [
        ("Ada:(PERSON* left:*", 8, "sentence with a bracket that does not close"),
        ("Ada:* left:*)", 9, "sentence with a bracket that closes nothing"),
        ("Ada:* left:B-PER", 9, "sentence with a bad line"),
    ],
)
def test_a_sentence_that_cannot_be_read_is_skipped(corpus, sentence, line, kind):
    read = corpus(conll(ADA, sentence, "Yes:*"))
    assert [text.text for text in read.texts] == ["Ada Byron saw Rome .", "Yes"]
    assert problems(read) == [(line, "skipped", kind)]


def test_a_line_that_is_cut_off_is_a_bad_line(corpus):
    whole = conll(ADA, ADA)
    read = corpus(whole[: whole.rindex("Ada#1")])
    assert len(read.texts) == 1
    assert problems(read) == [(12, "skipped", "sentence with a bad line")]


def test_files_without_their_text_are_an_error(corpus):
    with pytest.raises(ValueError, match=r"E204.*sample.txt:2.*skeleton2conll"):
        corpus(conll("[WORD]:(GPE) [WORD]:*"))
