"""CSV with a row for each token, or for each entity of a text."""

import pytest

from .conftest import mentions, problems

TOKENS = (
    "Sentence #,Word,POS,Tag\n"
    "Sentence: 1,Ada,NNP,B-PER\n"
    ",Byron,NNP,I-PER\n"
    ',""",""",",",O\n'
    "Sentence: 2,Rome,NNP,B-LOC\n"
)
SPANS = (
    "text,start,end,label\n"
    '"Ada left ""Rome"", \n at last",0,3,PER\n'
    "Yes.,,,\n"
    '"Ada left ""Rome"", \n at last",10,14,LOC\n'
)


def variants(content: str) -> list[str]:
    return [content, "\ufeff" + content, content.replace("\n", "\r\n")]


@pytest.mark.parametrize("number", range(3))
@pytest.mark.parametrize("separator", ",;\t")
def test_a_row_for_each_token(corpus, number, separator):
    content = variants(TOKENS.replace('""",""",","', '"""",COMMA'))[number]
    read = corpus(content.replace(",", separator))
    assert read.format == "csv"
    assert mentions(read) == [[("Ada Byron", "PER")], [("Rome", "LOC")]]
    assert [text.text for text in read.texts] == ['Ada Byron "', "Rome"]
    assert problems(read) == []


def test_empty_rows_separate_sentences_and_tags_may_have_no_prefix(corpus):
    read = corpus("token,tag\nAda,PER\nByron,PER\n\nleft,O\n,\nRome,LOC\n")
    assert mentions(read) == [[("Ada Byron", "PER")], [], [("Rome", "LOC")]]
    assert [text.line for text in read.texts] == [2, 5, 7]


def test_a_table_with_tabs_need_not_quote_its_quotes(corpus):
    read = corpus('token\ttag\n"\tO\nAda\tB-PER\n')
    assert mentions(read) == [[("Ada", "PER")]]
    assert read.texts[0].text == '" Ada'


def test_tokens_without_a_tag_are_unknown_and_without_a_word_lose_their_sentence(
    corpus,
):
    read = corpus("word,tag\nAda,B-PER\nleft,\n\nBo,B-PER\n,O\n\nYes,O\n")
    assert mentions(read) == [[("Ada", "PER")], []]
    assert [e[:2] for e in read.texts[0].unknown] == [(4, 8)]
    assert problems(read) == [(6, "skipped", "sentence with a bad row")]


def test_words_and_labels_as_column_names(corpus):
    read = corpus(
        ",sentence_id,words,labels\n0,0,Ada,B-PER\n1,0,left,O\n2,1,Bo,B-PER\n"
    )
    assert (read.format, mentions(read)) == ("csv", [[("Ada", "PER")], [("Bo", "PER")]])


@pytest.mark.parametrize("missing", ["NaN", "nan", "None", "<NA>"])
def test_missing_values_of_pandas_are_no_labels(corpus, missing):
    read = corpus(f"word,tag\nAda,B-PER\nleft,{missing}\nNaN,O\n")
    assert mentions(read) == [[("Ada", "PER")]]
    assert read.texts[0].text == "Ada left NaN"
    assert [e[:2] for e in read.texts[0].unknown] == [(4, 8)]
    header = "text,start,end,label"
    rows = f"Ada left,0,3,PER\nBo,{missing},{missing},{missing}\nCy,0,2,{missing}\n"
    read = corpus(f"{header}\n{rows}")
    assert mentions(read) == [[("Ada", "PER")], [], []]
    assert [bool(text.unknown) for text in read.texts] == [False, False, True]
    assert problems(read) == [(4, "skipped", "entity without a label")]


@pytest.mark.parametrize("number", range(3))
def test_rows_of_one_text_are_one_text_wherever_they_are(corpus, number):
    read = corpus(variants(SPANS)[number])
    assert read.format == "csv"
    assert mentions(read) == [[("Ada", "PER"), ("Rome", "LOC")], []]
    assert [text.line for text in read.texts] == [2, 4]
    assert problems(read) == []


def test_numbers_of_pandas_and_texts_with_a_number(corpus):
    content = "doc_id;text;start;end;label\n1;Ada left;0.0;3.0;PER\n2;Ada left;;;\n"
    read = corpus(content)
    assert mentions(read) == [[("Ada", "PER")], []]
    assert [text.document for text in read.texts] == ["1", "2"]


@pytest.mark.parametrize(
    "row, kind",
    [
        ("Ada left,4,80,X", "entity outside the text"),
        ("Ada left,5,8,X", "entity cuts a word"),
        ("Ada left,4,8,", "entity without a label"),
        ("Ada left,,,X", "entity without offsets"),
        ("Ada left,4", "entity without a label"),
        (f"Ada left,4,{'9' * 5_000},X", "entity without offsets"),
    ],
)
def test_what_cannot_be_used_is_unknown(corpus, row, kind):
    read = corpus(f"text,start,end,label\nAda left,0,3,PER\n{row}\n")
    assert mentions(read) == [[("Ada", "PER")]]
    assert problems(read) == [(2, "skipped", kind)]
    assert read.texts[0].unknown


def test_an_emoji_before_an_entity(corpus):
    header = "text,start,end,label"
    assert mentions(corpus(f"{header}\n😀 Ada left,2,5,PER\n")) == [[("Ada", "PER")]]
    with pytest.raises(ValueError, match="E214.*UTF-16"):
        corpus(f"{header}\n😀 Ada left,3,6,PER\n")
    read = corpus(f"{header},mention\n😀 Ada left,3,6,PER,Ada\n")
    assert mentions(read) == [[("Ada", "PER")]]
    assert problems(read)[0][1] == "repaired"


@pytest.mark.parametrize(
    "content, line",
    [('word,tag\nAda,O\n"Bo,O\nCy,O\n', 4), ("a,b\n1,2\n", 1)],
)
def test_open_quotes_and_other_headers_are_an_error_with_a_line(corpus, content, line):
    with pytest.raises(ValueError, match=rf"E204.*sample.txt:{line}"):
        corpus(content, format="csv")


def test_missing_values_begin_no_sentence_and_are_no_mentions(corpus):
    rows = "1,Ada,B-PER\nnan,Byron,I-PER\nnan,left,O\n2,Bo,B-PER\n"
    read = corpus(f"sentence_id,word,tag\n{rows}")
    assert mentions(read) == [[("Ada Byron", "PER")], [("Bo", "PER")]]
    read = corpus("text,start,end,label,mention\nAda left,0,3,PER,nan\n")
    assert (mentions(read), problems(read)) == ([[("Ada", "PER")]], [])


@pytest.mark.parametrize("header", ["token,tag\n", ""])
def test_tags_in_lower_case(corpus, header):
    read = corpus(f"{header}Ada,b-per\nByron,i-per\nleft,o\nRome,b-loc\n")
    assert mentions(read) == [[("Ada Byron", "per"), ("Rome", "loc")]]


def test_tags_that_are_numbers_have_names_beside_the_file(corpus, tmp_path):
    content = "token,tag\nAda,1\nleft,0\n"
    with pytest.raises(ValueError, match=r"E216.*sample.txt:2"):
        corpus(content)
    (tmp_path / "label.json").write_text('{"O": 0, "B-PER": 1}')
    assert mentions(corpus(content)) == [[("Ada", "PER")]]


def test_a_row_of_missing_values_is_no_text(corpus):
    rows = "Ada left,0,3,PER\nnan,nan,nan,nan\nN/A,,,\n"
    read = corpus(f"text,start,end,label\n{rows}")
    assert [text.text for text in read.texts] == ["Ada left", "N/A"]


def test_sentences_are_numbered_anew_in_each_document(corpus):
    rows = ["doc_id,sentence_id,token,tag", "1,0,Ada,B-PER", "1,0,Byron,I-PER"]
    rows += ["2,0,Lovelace,I-PER", "2,0,left,O", "2,1,Bo,B-PER"]
    read = corpus("\n".join(rows), "x.csv")
    assert mentions(read) == [
        [("Ada Byron", "PER")],
        [("Lovelace", "PER")],
        [("Bo", "PER")],
    ]
    assert [text.document for text in read.texts] == ["1", "2", "2"]


def test_a_column_of_entities_goes_before_one_of_parts_of_speech(corpus):
    read = corpus("sentence_id,token,tag,ner\n1,Ada,NNP,B-PER\n1,left,VBD,O\n", "x.csv")
    assert mentions(read) == [[("Ada", "PER")]]


def test_a_table_with_tabs_need_not_quote(corpus):
    rows = ["token\ttag", "He\tO", '"Ada\tB-PER', "left\tO", 'Rome"\tB-LOC']
    read = corpus("\n".join(rows), "x.tsv")
    assert mentions(read) == [[('"Ada', "PER"), ('Rome"', "LOC")]]
    rows.insert(4, "")
    assert len(corpus("\n".join(rows), "x.tsv").texts) == 2
    rows = ["text\tstart\tend\tlabel", '"Yes," said Ada.\t12\t15\tPER']
    rows.append('"She said ""Hi"" to Bo"\t17\t19\tPER')
    read = corpus("\n".join(rows), "x.tsv")
    assert mentions(read) == [[("Ada", "PER")], [("Bo", "PER")]]
    assert [text.line for text in read.texts] == [2, 3]
    rows = ["text\tstart\tend\tlabel", '"Ada\nleft"\t0\t3\tPER']
    assert corpus("\n".join(rows), "x.tsv").texts[0].text == "Ada\nleft"
