"""AutoReg struct reads what a model makes of its brackets, and counts what is lost."""

import pytest

from spacy_padellm.formats.autoreg_struct import build_autoreg_struct_v1
from spacy_padellm.formats.base import Query

from .answering import answer_string

LABELS = {"PER": "person", "ORG": "organization", "SUB": "organization part"}
TEXT = "Ann (of FIFA) met Bo, FIFA's head."


@pytest.fixture
def read(tiny_tokenizer):
    def read(answer, *, ended=True, text=TEXT):
        extraction = answer_string(
            build_autoreg_struct_v1(), answer, text, LABELS, tiny_tokenizer, ended=ended
        )
        found = [(m.label, m.text) for m in extraction.mentions]
        return found, dict(extraction.lost)

    return read


@pytest.mark.parametrize(
    "answer",
    [
        " ((person : Ann) , (organization : FIFA))",
        "((person : Ann),(organization : FIFA))",
        "( ( person: Ann ) , ( organization :FIFA ) )",
        "((person : Ann) , (organization : FIFA)",
        "(person : Ann) , (organization : FIFA))",
        "(person : Ann) , (organization : FIFA)",
        "((person : Ann) , (organization : FIFA",
        "person : Ann) , (organization : FIFA",
    ],
)
def test_brackets_may_be_unbalanced(read, answer):
    assert read(answer) == ([("PER", "Ann"), ("ORG", "FIFA")], {})


@pytest.mark.parametrize("answer", ["()", " ()", "", "(", ")", "(())", "  "])
def test_nothing_is_nothing(read, answer):
    assert read(answer) == ([], {})


def test_an_unknown_label_is_counted(read):
    found, lost = read("((person : Ann) , (planet : Mars) , (persons : Bo))")
    assert found == [("PER", "Ann")] and lost == {"unknown label": 2}


def test_what_is_no_item_is_counted(read):
    found, lost = read("((person : Ann) , (Bo) , (person : ) , (person : Bo))")
    assert found == [("PER", "Ann"), ("PER", "Bo")] and lost == {"malformed": 2}


def test_of_names_that_begin_alike_the_longest_is_read(read):
    found, _ = read("((organization part : head) , (organization : FIFA))")
    assert found == [("SUB", "head"), ("ORG", "FIFA")]


def test_what_was_cut_off_is_left_out_and_counted(read):
    answer = "((person : Ann) , (organization : FI"
    assert read(answer, ended=False) == ([("PER", "Ann")], {"cut off": 1})


@pytest.mark.parametrize("mention", ["a (b) c", "x : y", "Smith, J.", "(x)", "f(x"])
def test_mentions_may_hold_brackets_colons_and_commas(read, mention):
    found, lost = read(f"((person : {mention}) , (organization : FIFA))")
    assert found == [("PER", mention), ("ORG", "FIFA")] and not lost


def test_a_string_with_two_labels_is_placed_in_text_order(tiny_tokenizer):
    extraction = answer_string(
        build_autoreg_struct_v1(),
        "((organization : FIFA) , (person : FIFA) , (person : Bo))",
        TEXT,
        LABELS,
        tiny_tokenizer,
    )
    starts = [mention.start for mention in extraction.mentions]
    assert starts == [TEXT.index("FIFA"), TEXT.rindex("FIFA"), None]


def test_the_answer_is_the_papers_string(real_tokenizer, workshop):
    row = workshop[0]
    labels = {"PART": "part", "FAULT": "fault", "TOOL": "tool"}
    (gold,) = build_autoreg_struct_v1().gold(
        Query(row.text, labels), row.spans, real_tokenizer
    )
    items = sorted(
        (*span, labels[label]) for label in row.spans for span in row.spans[label]
    )
    expected = " , ".join(f"({name} : {row.text[a:b]})" for a, b, name in items)
    assert real_tokenizer.decode(gold.answer[:-1]) == f" ({expected})"
