"""CSV without a header: read where the columns can be told, refused where not."""

import pytest

from .conftest import mentions, problems

TOKENS = 'Ada,B-PER\nByron,I-PER\n",",O\n\nRome,B-LOC\n'
SPANS = "Ada left Rome,0,3,PER\nAda left Rome,9,13,LOC\nYes.,,,\n"


def changed(content: str, separator: str) -> str:
    return content.replace('","', "COMMA").replace(",", separator)


@pytest.mark.parametrize("separator", ",;")
@pytest.mark.parametrize("before, newline", [("", "\n"), ("\ufeff", "\r\n")])
def test_tokens_and_tags_with_empty_lines_between_sentences(
    corpus, separator, before, newline
):
    content = changed(TOKENS, separator).replace("\n", newline)
    read = corpus(before + content.replace("COMMA", '","'))
    assert read.format == "csv"
    assert mentions(read) == [[("Ada Byron", "PER")], [("Rome", "LOC")]]
    assert [text.line for text in read.texts] == [1, 5]
    assert problems(read) == []
    told = f"no header, separator {separator}, columns token, tag"
    assert read.report.layout == told


def test_the_tag_may_come_first_and_have_no_prefix(corpus):
    read = corpus("PER,Ada\nPER,Byron\nO,left\n")
    assert mentions(read) == [[("Ada Byron", "PER")]]


@pytest.mark.parametrize("separator", ",;\t")
def test_texts_with_offsets(corpus, separator):
    read = corpus(changed(SPANS, separator))
    assert read.format == "csv"
    assert mentions(read) == [[("Ada", "PER"), ("Rome", "LOC")], []]
    assert read.report.layout.endswith("columns text, start, end, label")


def test_offsets_in_another_order_with_their_mentions(corpus):
    read = corpus("PER,0,3,Ada,Ada left Rome\nLOC,9,13,Rome,Ada left Rome\n")
    assert mentions(read) == [[("Ada", "PER"), ("Rome", "LOC")]]
    assert read.report.layout.endswith("columns label, start, end, mention, text")


def test_texts_may_span_lines(corpus):
    read = corpus('"Ada left,\nat last",0,3,PER\n')
    assert mentions(read) == [[("Ada", "PER")]]


@pytest.mark.parametrize(
    "content, why",
    [
        ("Ada,NNP,B-PER\nleft,VBD,O\n", "any of 2 columns"),
        ("1,Ada,B-PER\n1,left,O\n", "any of 2 columns"),
        ("Ada,B-NP,B-PER\nleft,O,O\n", "2 of its columns"),
        ("Wort,Art\nAda,PER\nBo,PER\nleft,O\n", "'Art' in its first line"),
        ("Satz,von,bis,Art\nAda left,0,3,PER\n", "its first line is no row"),
        ("Bo,0,2,Bo\n", "more than one way"),
    ],
)
@pytest.mark.parametrize("options", [{}, {"format": "csv"}])
def test_what_can_be_read_in_several_ways_is_refused(corpus, content, why, options):
    with pytest.raises(ValueError, match=rf"E220.*sample.txt.*{why}.*token,tag"):
        corpus(content, **options)


@pytest.mark.parametrize("header", ["", "token,tag\n"])
def test_a_comma_that_is_not_quoted_loses_its_sentence(corpus, header):
    good = "Ada,B-PER\nleft,O\n\n" * 60
    read = corpus(f"{header}{good}a,b,O\nBo,B-PER\n")
    assert mentions(read) == [[("Ada", "PER")]] * 60
    assert [kind for *_, kind in problems(read)] == ["sentence with a bad row"]
