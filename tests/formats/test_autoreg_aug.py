"""AutoReg aug finds the place of every bracket, also in a copy that went astray."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_padellm.formats.autoreg_aug import Augmented, build_autoreg_aug_v1
from spacy_padellm.formats.base import Query
from spacy_padellm.formats.segments import TextSegments

from .answering import answer_gold, answer_string

LABELS = {"PER": "person", "ORG": "organization", "GPE": "city or country"}
TEXT = "Ann of FIFA (Zurich) met Bo in Zurich, Ohio."


@pytest.fixture
def read(tiny_tokenizer):
    def read(answer, *, text=TEXT, ended=True, labels=LABELS):
        extraction = answer_string(
            build_autoreg_aug_v1(), answer, text, labels, tiny_tokenizer, ended=ended
        )
        found = [(m.label, m.text, m.start) for m in extraction.mentions]
        return found, dict(extraction.lost)

    return read


def test_the_answer_is_the_text_with_brackets(real_tokenizer):
    spans = {"PER": [(0, 3)], "GPE": [(13, 19)], "ORG": [(7, 11)]}
    (gold,) = build_autoreg_aug_v1().gold(Query(TEXT, LABELS), spans, real_tokenizer)
    assert real_tokenizer.decode(gold.answer[:-1]) == (
        " [ Ann | person ] of [ FIFA | organization ] ( [Zurich | city or country ])"
        " met Bo in Zurich, Ohio."
    )


def test_copied_words_have_the_tokens_that_they_have_in_the_text(real_tokenizer):
    (gold,) = build_autoreg_aug_v1().gold(Query(TEXT, LABELS), {}, real_tokenizer)
    assert gold.answer[:-1] == TextSegments(TEXT, real_tokenizer).encoded.ids


def test_the_second_of_two_like_words_is_where_its_bracket_is(read):
    found, lost = read(
        "[ Ann | person ] of FIFA (Zurich) met Bo in"
        " [ Zurich | city or country ], Ohio."
    )
    second = TEXT.rindex("Zurich")
    assert found == [("PER", "Ann", 0), ("GPE", "Zurich", second)] and not lost


def test_spaces_do_not_matter(read):
    found, lost = read("[Ann|person]of FIFA(Zurich)met Bo in Zurich , Ohio .")
    assert found == [("PER", "Ann", 0)] and not lost


def test_names_that_differ_in_spaces_alone_are_told_apart(read):
    labels = {"A": "set up", "B": "setup"}
    found, lost = read("[Ann | set up ] of [FIFA | setup ] (Zurich)", labels=labels)
    assert found == [("A", "Ann", 0), ("B", "FIFA", 7)]
    assert read("[Ann | se tup ] of FIFA", labels=labels)[0] == [("A", "Ann", 0)]


def test_nested_mentions(read):
    found, lost = read(
        "Ann of FIFA (Zurich) met Bo in"
        " [ [ Zurich | city or country ], Ohio | city or country ]."
    )
    at = TEXT.rindex("Zurich")
    assert found == [("GPE", "Zurich, Ohio", at), ("GPE", "Zurich", at)] and not lost


def test_words_left_out_are_said_and_what_follows_is_placed(read):
    found, lost = read("[ Ann | person ] met [ Bo | person ] in Zurich, Ohio.")
    assert found == [("PER", "Ann", 0), ("PER", "Bo", TEXT.index("Bo"))]
    assert lost == {"drifted": 1}


def test_words_made_up_are_said_and_what_follows_is_placed(read):
    found, lost = read(
        "Ann of the mighty FIFA (Zurich) met [ Bo | person ] in Zurich, Ohio."
    )
    assert found == [("PER", "Bo", TEXT.index("Bo"))] and lost == {"drifted": 1}


def test_a_mention_with_other_words_than_the_text_has_no_place(read):
    found, lost = read(
        "Ann of [ FIIFA | organization ] (Zurich) met Bo in Zurich, Ohio."
    )
    assert found == [("ORG", "FIIFA", None)] and lost == {"drifted": 1}


def test_an_end_that_is_missing_is_said(read):
    assert read("[ Ann | person ] of") == ([("PER", "Ann", 0)], {"drifted": 1})


def test_a_cut_off_answer_is_no_drift(read):
    found, lost = read("[ Ann | person ] of [ FI", ended=False)
    assert found == [("PER", "Ann", 0)] and lost == {"cut off": 1}


@pytest.mark.parametrize(
    ("answer", "lost"),
    [
        ("[ Ann | planet ] of FIFA (Zurich) met Bo in Zurich, Ohio.", "unknown label"),
        ("[ Ann of FIFA (Zurich) met Bo in Zurich, Ohio.", "malformed"),
        ("Ann of [ | person ] FIFA (Zurich) met Bo in Zurich, Ohio.", "malformed"),
        ("Ann | person ] of FIFA (Zurich) met Bo in Zurich, Ohio.", "drifted"),
    ],
)
def test_what_cannot_be_read_is_counted(read, answer, lost):
    assert read(answer) == ([], {lost: 1})


@given(st.text(max_size=60), st.text(max_size=120), st.booleans())
def test_no_answer_is_too_strange(text, answer, is_whole):
    reading = Augmented().parse(answer, text, tuple(LABELS.values()), is_whole)
    for written in reading.mentions:
        assert written.text == written.text.strip() != ""
        assert 0 <= written.start < written.end <= len(answer)
        if written.text_start is not None:
            end = written.text_start + len(written.text)
            assert text[written.text_start : end] == written.text


def test_every_bracket_of_the_corpus_is_in_its_place(workshop, any_tokenizer):
    labels = {"PART": "part", "FAULT": "fault", "TOOL": "tool"}
    rows = workshop[150:300]
    extractions = answer_gold(build_autoreg_aug_v1(), rows, labels, any_tokenizer)
    for row, extraction in zip(rows, extractions, strict=True):
        assert sorted(m.start for m in extraction.mentions) == sorted(
            start for spans in row.spans.values() for start, _ in spans
        )
