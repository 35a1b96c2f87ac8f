"""Columns in the layouts that public corpora use."""

import pytest

from spacy_padellm.corpora.base import ReadReport
from spacy_padellm.corpora.columns import read_columns
from spacy_padellm.corpora.tagged import real_spaces

from .conftest import columns_file, mentions, problems

ADA = [[("Ada Byron", "PER"), ("Rome", "LOC")], []]
SENTENCES = ("Ada/B-PER Byron/I-PER saw/O Rome/B-LOC ./O", "So/O what/O ?/O")


@pytest.mark.parametrize("separator", ["\t", " ", "   ", " _ _ ", "\t12\t15\t"])
def test_tabs_spaces_and_columns_between_token_and_tag(corpus, separator):
    read = corpus(columns_file(*SENTENCES, separator=separator))
    assert read.format == "columns"
    assert mentions(read) == ADA
    assert [t.text for t in read.texts] == ["Ada Byron saw Rome .", "So what ?"]
    assert problems(read) == []


def test_tabs_and_spaces_may_be_mixed_and_blank_lines_may_hold_spaces(corpus):
    read = corpus("Ada\tB-PER\nByron I-PER\n \t\nBo\tB-PER\n\n\n\nwent O\n")
    assert mentions(read) == [[("Ada Byron", "PER")], [("Bo", "PER")], []]


def test_conll_2003_takes_the_last_column_and_counts_documents(corpus):
    read = corpus(
        "-DOCSTART- -X- -X- O\n\nEU NNP B-NP I-ORG\nrejects VBZ B-VP O\n\n"
        "-DOCSTART- -X- -X- O\n\nBonn NNP B-NP I-LOC\n"
    )
    assert mentions(read) == [[("EU", "ORG")], [("Bonn", "LOC")]]
    assert [text.document for text in read.texts] == ["1", "2"]


def test_columns_can_be_named(corpus):
    read = corpus("EU NNP B-NP B-ORG\nsaid VBZ B-VP O\n", tag=-2)
    assert mentions(read) == [[("EU", "NP"), ("said", "VP")]]


def test_the_tag_may_come_first(corpus):
    assert mentions(corpus("B-PER\tAda\nO\tsaw\nB-LOC\tRome\n")) == [
        [("Ada", "PER"), ("Rome", "LOC")]
    ]


def test_token_tag_token_tag_takes_the_first_pair_without_metadata(corpus):
    read = corpus(
        "Question_ID\tO\tQuestion_ID\tO\n:\tO\t:\tO\n7\tO\t7\tO\n\t\n"
        "use\tO\tuse\tO\nListView\tB-Class\tListView\tO\n"
    )
    assert mentions(read) == [[("ListView", "Class")]]
    assert problems(read) == [(1, "left out", "metadata of StackOverflowNER")]


UNER = """\
# newdoc id = mail
# sent_id = mail-1
# text = Isn't Ada's dog in (old) Rome?
1\tIs\tO\t-\t-
2-3\tn't\tO\t-\t-
2\tn't\tO\t-\t-
3\tAda\tB-PER\t-\teve
4\t's\tO\t-\t-
5\tdog\tO
6\tin\tO
7\t(\tO
8\told\tO
9\t)\tO
10\tRome\tB-LOC\t-\teve
11\t?\tB-O\t-\teve
"""


def test_uner_numbers_its_tokens_and_its_text_gives_their_spaces(corpus):
    read = corpus(UNER)
    assert mentions(read) == [[("Ada", "PER"), ("Rome", "LOC")]]
    assert read.texts[0].text == "Isn't Ada's dog in (old) Rome?"
    assert read.texts[0].document == "mail"
    assert problems(read) == [(15, "repaired", "tag B-O read as O")]


def test_uner_s_own_tags_stand_before_those_of_another_annotator(corpus):
    read = corpus(
        "1\tTurci\tB-OTH\tB-PER\t-\n2\tu\tO\tO\t-\n3\tBeču\tB-LOC\tB-LOC\t-\n"
    )
    assert mentions(read) == [[("Turci", "OTH"), ("Beču", "LOC")]]


def test_a_text_comment_unlike_its_tokens_is_reported_and_not_used(corpus):
    read = corpus("# text = Ada met Bo\n1\tAda\tB-PER\n2\tsaw\tO\n3\tBo\tB-PER\n")
    assert read.texts[0].text == "Ada saw Bo"
    assert problems(read) == [(2, "repaired", "text comment does not match its tokens")]


def test_a_number_sign_is_a_token_where_it_has_a_tag(corpus):
    read = corpus("# id 17\tdomain=train\n# _ _ O\nninjas _ _ B-GRP\n")
    assert read.texts[0].words == ("#", "ninjas")


def test_tokens_may_be_unicode_spaces_and_line_separators(corpus):
    read = corpus("a\tO\n\u2028\tO\n\xa0\tO\n\x85\tO\nRome\tB-LOC\n")
    assert read.texts[0].words == ("a", "\u2028", "\xa0", "\x85", "Rome")
    assert mentions(read) == [[("Rome", "LOC")]]


def test_text_without_spaces_is_joined_without_spaces(corpus):
    read = corpus("罗\tB-LOC\n马\tI-LOC\n好\tO\n", joiner="")
    assert read.texts[0].text == "罗马好"
    assert mentions(read) == [[("罗马", "LOC")]]


def test_windows_line_ends_and_a_byte_order_mark_are_no_part_of_the_tokens(corpus):
    read = corpus("\ufeffAda B-PER\r\nsaw O\r\n\r\nRome B-LOC\r\n")
    assert [text.words for text in read.texts] == [("Ada", "saw"), ("Rome",)]


def test_a_sentence_with_a_line_without_tag_is_skipped_and_reported(corpus):
    sentences = columns_file("a/O b/O", "Ada/B-PER met Bo/B-PER", "c/O d/O")
    read = corpus(sentences)
    assert [text.text for text in read.texts] == ["a b", "c d"]
    assert problems(read) == [(5, "skipped", "sentence with a bad line")]
    assert "'met' has no tag in column 1" in str(read.report.problems[0])


def test_a_line_with_a_tag_and_no_token_is_skipped_and_reported(corpus):
    read = corpus("a\tO\n\tO\nb\tO\n")
    assert read.texts[0].words == ("a", "b")
    assert problems(read) == [(2, "skipped", "line without a token")]


def test_a_tag_without_a_beginning_begins_and_is_reported(corpus):
    read = corpus(columns_file("the/O Red/I-ORG Cross/I-ORG in/O Rome/B-LOC"))
    assert mentions(read) == [[("Red Cross", "ORG"), ("Rome", "LOC")]]
    assert problems(read) == [
        (2, "repaired", "tag without a beginning, read as a beginning")
    ]


def test_tags_without_a_prefix_are_labels_of_one_entity_each_run(corpus):
    read = corpus(columns_file("Ada/PER Byron/PER saw/O New/LOC York/LOC", "so/O it/O"))
    assert mentions(read) == [[("Ada Byron", "PER"), ("New York", "LOC")], []]
    assert problems(read) == []


def test_two_words_a_line_are_no_bare_tags(tmp_path):
    path = tmp_path / "verse.txt"
    path.write_text("Tyger Tyger\nburning bright\nO night\n")
    with pytest.raises(ValueError, match=r"E204.*no column of tags"):
        list(read_columns(path, ReadReport(path, "columns")))


def test_characters_with_b_m_e_and_s_tags(corpus):
    read = corpus(
        columns_file("艾/B-PER 达/E-PER 在/O 大/B-LOC 罗/M-LOC 马/E-LOC", "京/S-GPE")
    )
    assert mentions(read) == [[("艾达", "PER"), ("大罗马", "LOC")], [("京", "GPE")]]
    assert [text.text for text in read.texts] == ["艾达在大罗马", "京"]
    assert problems(read) == []


def test_latin_1_bytes_are_read_and_reported(corpus):
    read = corpus("Zoë\tB-PER\n".encode("latin-1") + "Malmö\tB-LOC\n".encode())
    assert mentions(read) == [[("Zoë", "PER"), ("Malmö", "LOC")]]
    assert problems(read) == [(1, "repaired", "not UTF-8, read as Windows-1252")]


def test_prose_is_no_columns(tmp_path):
    path = tmp_path / "prose.txt"
    path.write_text("\nIt was a dark and stormy night.\n")
    with pytest.raises(ValueError, match=r"E204.*prose.txt:2.*no column of tags"):
        list(read_columns(path, ReadReport(path, "columns")))


def test_real_spaces_are_those_of_the_text_or_none():
    assert real_spaces(["I", "'m", "in"], "I'm  in") == [False, True, False]
    assert real_spaces(["I", "am"], "I'm") is None
    assert real_spaces(["I"], "I am") is None


@pytest.mark.parametrize("outside", ["o", "O"])
def test_tags_in_lower_case(corpus, outside):
    read = corpus(f"Ada b-per\nByron i-per\nleft {outside}\nRome b-loc\n")
    assert (read.format, problems(read)) == ("columns", [])
    assert mentions(read) == [[("Ada Byron", "per"), ("Rome", "loc")]]


@pytest.mark.parametrize("missing", ["nan", "NaN", "None", "<NA>"])
@pytest.mark.parametrize("tag", ["B-PER", "PER", "b-PER"])
def test_a_missing_tag_leaves_its_token_unknown(corpus, missing, tag):
    read = corpus(f"Ada\t{tag}\nleft\t{missing}\nNone\tO\n\nBo\t{tag}\nleft\tO\n")
    assert mentions(read) == [[("Ada", "PER")], [("Bo", "PER")]]
    assert read.texts[0].text == "Ada left None"
    assert [e[:2] for e in read.texts[0].unknown] == [(4, 8)]


def test_an_empty_tag_never_means_that_nothing_is_there(corpus):
    read = corpus("Ada\tB-PER\nleft\t\n\nBo\tB-PER\n")
    assert mentions(read) == [[("Bo", "PER")]]
    assert problems(read) == [(2, "skipped", "sentence with a bad line")]


def test_a_token_that_begins_with_a_number_sign_is_no_comment(corpus):
    read = corpus("Ada\tB-PER\nloves\tO\n#Berlin\tB-LOC\tx\nRome\tB-LOC\n")
    assert read.texts[0].text == "Ada loves #Berlin Rome"
    good = "# text = Ada left\nAda\tB-PER\n# a comment\nleft\tO\n\n" * 99
    read = corpus(f"{good}Ada\tB-PER\n#Berlin\nleft\tO\n")
    assert len(read.texts) == 100 and read.texts[-1].text == "Ada left"
    kind = "line within a sentence that begins with #, read as a comment"
    assert problems(read) == [(497, "left out", kind)]


@pytest.mark.parametrize("comment", ["# sent_id = 1", "# text = O Romeo", "#end of it"])
@pytest.mark.parametrize("tags", ["PER O", "B-PER O", "x\tx\tB-PER x\tx\tO"])
def test_comments_are_no_tokens(corpus, comment, tags):
    first, last = tags.split(" ")
    read = corpus(f"{comment}\nAda\t{first}\nleft\t{last}\n\n" * 9)
    assert {text.text for text in read.texts} == {"Ada left"}
    assert mentions(read) == [[("Ada", "PER")]] * 9


@pytest.mark.parametrize(("tag", "label"), [("PERSON", "PERSON"), ("b-per", "per")])
def test_few_tags_without_prefixes_are_read_beside_many_o(corpus, tag, label):
    empty = "it\tO\nrains\tO\n\n" * 4_000
    read = corpus(f"{empty}Ada\t{tag}\nleft\tO\n")
    assert mentions(read)[-1] == [("Ada", label)]


def test_columns_of_tags_that_are_not_read_are_named(corpus):
    read = corpus("University\tB-ORG\tO\nof\tI-ORG\tO\nBerlin\tI-ORG\tB-LOC\n")
    assert mentions(read) == [[("Berlin", "LOC")]]
    assert "column 3 of 3; those of column 2 are not read" in read.report.layout
