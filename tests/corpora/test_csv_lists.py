"""CSV with lists of tokens and tags in its cells, as pandas and others write them."""

import csv
import io
import json

import pytest

from spacy_padellm.corpora.csv_lists import as_list

from .conftest import mentions, problems

WORDS = ["Ada", "didn't", 'say "no"', "\\,\n"]
TAGS = ["B-PER", "O", "O", "O"]


def table(*rows: tuple[str, str], header: str = "id,tokens,ner_tags") -> str:
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(header.split(","))
    writer.writerows([i, *row] for i, row in enumerate(rows))
    return file.getvalue()


@pytest.mark.parametrize("write", [repr, str, json.dumps])
def test_lists_are_read_as_python_and_json_write_them(corpus, write):
    read = corpus(table((write(WORDS), write(TAGS)), ('["Yes"]', "['O']")))
    assert (read.format, problems(read)) == ("csv", [])
    assert mentions(read) == [[("Ada", "PER")], []]
    assert [text.words for text in read.texts] == [tuple(WORDS), ("Yes",)]
    assert [text.document for text in read.texts] == ["0", "1"]


def test_tuples_are_read_as_lists(corpus):
    row = (str(tuple(WORDS)), str(tuple(TAGS)))
    read = corpus(table(row, ("('Yes',)", "('O',)"), ("(a, b)", "(B-X, nan)")))
    assert mentions(read) == [[("Ada", "PER")], [], [("a", "X")]]
    assert problems(read) == []
    assert [text.words for text in read.texts] == [tuple(WORDS), ("Yes",), ("a", "b")]


def test_brackets_in_a_text_do_not_make_it_a_tuple(corpus):
    read = corpus(table(("['Ada']", "['B-PER']"), ("(Rome)", "['B-LOC']")))
    assert problems(read) == [(3, "skipped", "cell is not a list with commas")]


@pytest.mark.parametrize("missing", ["nan", "None", "null"])
def test_a_missing_item_is_unknown(corpus, missing):
    read = corpus(table(("['Ada', 'left']", f"['B-PER', {missing}]")))
    assert mentions(read) == [[("Ada", "PER")]]
    assert [part[:2] for part in read.texts[0].unknown] == [(4, 8)]


def test_names_need_no_quotes_and_numbers_have_theirs_beside_the_file(corpus, tmp_path):
    assert mentions(corpus(table(("[Ada, left]", "[B-PER, O]")))) == [[("Ada", "PER")]]
    content = table(("['Ada', 'left']", "[1, 0]"))
    with pytest.raises(ValueError, match=r"E216.*sample.txt:2"):
        corpus(content)
    (tmp_path / "label.json").write_text('["O", "B-PER"]')
    assert mentions(corpus(content)) == [[("Ada", "PER")]]


@pytest.mark.parametrize(
    "row",
    [
        ("['Ada' 'left']", "['B-PER' 'O']"),
        ("['Ada', 'left']", "[1 0]"),
        ("['Ada', 'left']", "array(['B-PER', 'O'], dtype=object)"),
        ("['Ada'\n 'left']", "['B-PER'\n 'O']"),
        ("['Ada', ['left']]", "['B-PER', 'O']"),
        ("['Ada', 'left'", "['B-PER', 'O']"),
        ("('Ada', 'left'", "('B-PER', 'O')"),
        ("('Ada' 'left')", "('B-PER' 'O')"),
        ("[" * 100_000, "['O']"),
        ("(" * 100_000, "['O']"),
    ],
)
def test_arrays_of_numpy_are_refused_and_what_to_do_is_said(corpus, row):
    with pytest.raises(ValueError, match=r"E222.*sample.txt:2.*not a list.*numpy"):
        corpus(table(row))
    read = corpus(table(("['Ada']", "['B-PER']"), row))
    assert mentions(read) == [[("Ada", "PER")]]
    assert [action for _, action, _ in problems(read)] == ["skipped"]


def test_the_error_says_how_to_write_lists(corpus):
    with pytest.raises(ValueError, match=r"E222.*\['Ada' 'left'\].*to_json"):
        corpus(table(("['Ada' 'left']", "['B-PER' 'O']")))


@pytest.mark.parametrize(
    "row",
    [
        ("['Ada', 'left']", "['B-PER']"),
        ("['Ada', nan]", "['B-PER', 'O']"),
        ("['Ada', 'left']", "['B-PER', '?']"),
        ("[]", "[]"),
    ],
)
def test_rows_without_a_tag_for_each_token_are_reported(corpus, row):
    read = corpus(table(("['Ada']", "['B-PER']"), row))
    assert mentions(read) == [[("Ada", "PER")]]
    assert problems(read) == [(3, "skipped", "no tokens with a tag for each")]


def test_long_cells_take_no_longer_than_they_must():
    words = ["it's"] * 100_000
    assert as_list(repr(words)) == words
    assert as_list(repr(words)[:-1] + "'") is None
    assert as_list("[" + "a " * 100_000) is None
    assert as_list("[a" + " " * 100_000 + "x") is None
    assert as_list("[a," + " " * 100_000 + "x") is None
    assert as_list("(a," + " " * 100_000 + "x") is None


def test_tokens_and_tags_may_be_separated_by_spaces(corpus):
    rows = [("Yes", "O"), ("Ada left", "B-PER O"), ("( so", "o b-per")]
    read = corpus(table(*rows[:2]))
    assert mentions(read) == [[], [("Ada", "PER")]]
    assert mentions(corpus(table(*rows[2:]))) == [[("so", "per")]]


@pytest.mark.parametrize("header", ["token,tag\n", ""])
def test_most_rows_may_have_one_token(corpus, header):
    rows = "Yes,O\nNo,O\nBo,\nAda Byron left,B-PER I-PER O\n"
    read = corpus(header + rows)
    assert mentions(read) == [[], [], [("Ada Byron", "PER")]]
    kinds = ["sentence without tags"]
    assert [kind for *_, kind in problems(read)] == kinds
    read = corpus(header + rows.replace(" O", ""))
    assert mentions(read) == [[], []]
    kinds += ["no tokens with a tag for each"]
    assert [kind for *_, kind in problems(read)] == kinds


@pytest.mark.parametrize("missing", ["nan", "-100"])
def test_a_missing_tag_between_spaces_is_unknown(corpus, missing):
    read = corpus(f"token,tag\nYes,O\nNo,O\nAda left,B-PER {missing}\n")
    assert mentions(read) == [[], [], [("Ada", "PER")]]
    assert [part[:2] for part in read.texts[2].unknown] == [(4, 8)]


@pytest.mark.parametrize("label", ["job title", "work e-mail", "vitamin B-12"])
@pytest.mark.parametrize("count", [1, 9])
def test_labels_of_several_words_are_no_lists(corpus, label, count):
    read = corpus("token,tag\n" + f"Pope,B-{label}\n" * count + "New York,O\n")
    assert mentions(read) == [[("Pope", label)] * count]


@pytest.mark.parametrize("missing", ["", "nan"])
def test_a_row_without_tags_is_reported(corpus, missing):
    read = corpus(table(("['Ada']", "['B-PER']"), ("['Bo']", missing)))
    assert mentions(read) == [[("Ada", "PER")]]
    assert problems(read) == [(3, "skipped", "sentence without tags")]
