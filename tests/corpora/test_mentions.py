"""Entities get their place in the text, or it is said why they have none."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_padellm.corpora.base import Entity, ReadReport
from spacy_padellm.corpora.json_entities import claims_of
from spacy_padellm.corpora.mentions import (
    NO_LABEL,
    NUMBER_LABEL,
    Claim,
    place,
    place_tokens,
    whole_number,
)
from spacy_padellm.corpora.units import units_of
from spacy_padellm.corpora.word_edges import cuts_word

from .conftest import unhurried

TEXT = "Ada met Bo in Rome"
EMOJI = "😀 Ada met Bo in Rome"


@pytest.fixture
def report(tmp_path):
    return ReadReport(tmp_path / "file", "jsonl")


def kinds(report: ReadReport) -> list[tuple[str, str]]:
    return [(problem.action, problem.kind) for problem in report.problems]


@pytest.mark.parametrize(
    "claim, kind",
    [
        (Claim(None, None, "PER"), "entity without offsets"),
        (Claim("0", "3", "PER"), "entity without offsets"),
        (Claim(0.0, 3.0, "PER"), "entity without offsets"),
        (Claim(14, 19, "LOC"), "entity outside the text"),
        (Claim(3, 3, "LOC"), "entity outside the text"),
        (Claim(3, 4, "LOC"), "entity of spaces alone"),
        (Claim(1, 3, "PER"), "entity cuts a word"),
        (Claim(0, 3, "PER", "Bob"), "mention is not at its offsets"),
        (Claim(None, None, "PER", "Bob"), "mention is not at its offsets"),
        (Claim(1, 3, "PER", 7), "mention is not at its offsets"),
        (Claim(None, None, "PER", "o"), "mention is not at its offsets"),
        (Claim(None, None, "PER", "om"), "mention is not at its offsets"),
    ],
)
def test_if_the_place_of_an_entity_is_not_known_all_of_the_text_is_unknown(
    report, claim, kind
):
    placed = place(report, 4, TEXT, [claim, Claim(8, 10, "PER")])
    assert placed["entities"] == (Entity(8, 10, "PER"),)
    assert placed["unknown"] == (Entity(0, len(TEXT), claim.label),)
    assert kinds(report) == [("skipped", kind)]
    assert (report.lost_entities, report.problems[0].line) == (1, 4)


@pytest.mark.parametrize(
    "label, kind",
    [
        *((label, NO_LABEL) for label in (None, "", " ", "nan", ["PER"])),
        (7, NUMBER_LABEL),
        (7.0, NUMBER_LABEL),
    ],
)
def test_if_only_the_label_is_missing_the_place_is_unknown(report, label, kind):
    placed = place(report, 1, TEXT, [Claim(0, 3, label)])
    assert placed == {"entities": (), "unknown": (Entity(0, 3, ""),)}
    assert kinds(report) == [("skipped", kind)]


def test_a_fault_of_the_reader_leaves_the_place_unknown(report):
    placed = place(report, 1, TEXT, [Claim(0, 10, "PER", fault="discontinuous")])
    assert placed == {"entities": (), "unknown": (Entity(0, 10, "PER"),)}
    assert kinds(report) == [("skipped", "discontinuous")]


def test_a_mention_moves_to_the_one_place_where_it_stands(report):
    placed = place(report, 1, TEXT, [Claim(1, 4, "PER", "Ada")])
    assert placed == {"entities": (Entity(0, 3, "PER"),), "unknown": ()}
    assert kinds(report) == [("repaired", "entity moved to its mention")]


def test_a_mention_proves_its_offsets_inside_of_a_word_and_across_lines(report):
    text = "anti-CD28receptor in New\nYork"
    claims = [Claim(5, 9, "GENE", "CD28"), Claim(21, 29, "LOC", "New York")]
    placed = place(report, 1, text, claims)
    assert [e[:2] for e in placed["entities"]] == [(5, 9), (21, 29)]
    assert kinds(report) == []


def test_utf16_offsets_are_named_and_not_repaired_into_other_words(report):
    # the second would be "t B" and the third " i" as characters
    claims = [Claim(3, 6, "PER"), Claim(11, 13, "PER")]
    placed = place(report, 1, EMOJI, claims)
    assert placed == {"entities": (), "unknown": (Entity(0, len(EMOJI), "PER"),)}
    assert kinds(report) == [("skipped", "offsets seem to count UTF-16 units")] * 2


def test_one_utf16_offset_makes_those_after_the_emoji_doubtful(report):
    text = "Ada 😀😀 a b Rome"
    claims = [Claim(0, 3, "PER"), Claim(9, 10, "X"), Claim(13, 17, "LOC")]
    assert text[9:10] == "b"  # but the annotator meant a
    placed = place(report, 1, text, claims)
    assert placed["entities"] == (Entity(0, 3, "PER"),)
    assert [e.label for e in placed["unknown"]] == ["LOC", "X"]


def test_utf16_offsets_are_converted_if_the_mention_proves_them(report):
    claims = [Claim(3, 6, "PER", "Ada"), Claim(11, 13, "PER", "Bo")]
    placed = place(report, 1, EMOJI, claims)
    assert placed == {
        "entities": (Entity(2, 5, "PER"), Entity(10, 12, "PER")),
        "unknown": (),
    }
    kind = "offsets seem to count UTF-16 units, converted"
    assert kinds(report) == [("repaired", kind)] * 2


CHINESE = "👍 张三去北京了"
MAY_BE_UNITS = [("repaired", "offsets may count UTF-16 units, read as characters")]


def test_offsets_that_fit_both_as_characters_and_units_are_reported_once(report):
    claims = [Claim(3, 5, "PER"), Claim(6, 8, "LOC")]
    placed = place(report, 7, CHINESE, claims)
    assert placed["entities"] == (Entity(3, 5, "PER"), Entity(6, 8, "LOC"))
    assert (kinds(report), report.problems[0].line) == (MAY_BE_UNITS, 7)


@pytest.mark.parametrize(
    "text, claims",
    [
        ("在👍张三", [Claim(2, 4, "PER")]),  # unit 2 is inside of the emoji
        (CHINESE, [Claim(2, 4, "PER"), Claim(5, 7, "LOC", "北京")]),
        ("张三👍去北京了", [Claim(0, 2, "PER")]),
        ("张三去北京了☀", [Claim(0, 2, "PER"), Claim(3, 5, "LOC")]),
    ],
    ids=["unit", "mention", "before", "no second unit"],
)
def test_offsets_that_can_only_count_characters_are_not_doubted(report, text, claims):
    assert len(place(report, 1, text, claims)["entities"]) == len(claims)
    assert kinds(report) == []


def test_offsets_that_a_mention_proves_to_be_units_are_not_doubted(report):
    claims = [Claim(3, 5, "PER", "张三"), Claim(6, 8, "LOC")]
    place(report, 1, CHINESE, claims)
    assert MAY_BE_UNITS[0] not in kinds(report)


def test_characters_after_an_emoji_are_left_as_they_are(report):
    placed = place(report, 1, EMOJI, [Claim(2, 5, "PER"), Claim(10, 12, "PER")])
    assert placed["entities"] == (Entity(2, 5, "PER"), Entity(10, 12, "PER"))
    assert kinds(report) == []


LINES = "Dear Sir\r\nPolicy POL-1\r\nfor Ann Lee, Ann Lee"


def at_line_feeds(text, mention, label, *, after=0, given=True):
    """A claim whose offsets count each CR LF as one character."""
    start = text.replace("\r\n", "\n").index(mention, after)
    return Claim(start, start + len(mention), label, mention if given else None)


def test_a_line_end_that_counts_as_one_character_is_noticed(report):
    claims = [
        at_line_feeds(LINES, "POL-1", "POLICY"),
        at_line_feeds(LINES, "Ann Lee", "PER"),
        at_line_feeds(LINES, "Ann Lee", "PER", after=35),
    ]
    placed = place(report, 1, LINES, claims)
    found = [LINES[e.start : e.end] for e in placed["entities"]]
    assert found == ["POL-1", "Ann Lee", "Ann Lee"]
    assert len({e[:2] for e in placed["entities"]}) == 3
    kind = "offsets seem to count CR LF as one character, converted"
    assert kinds(report) == [("repaired", kind)] * 3


def test_without_mentions_such_offsets_are_not_read_as_other_words(report):
    claims = [
        at_line_feeds(LINES, "POL-1", "POLICY", given=False),
        at_line_feeds(LINES, "Dear", "X", given=False),
    ]
    placed = place(report, 1, LINES, claims)
    assert placed["entities"] == (Entity(0, 4, "X"),)
    kind = "offsets seem to count CR LF as one character"
    assert kinds(report) == [("skipped", kind)]
    assert placed["unknown"] == (Entity(0, len(LINES), "POLICY"),)


def test_characters_after_a_line_end_are_left_as_they_are(report):
    start = LINES.index("POL-1")
    placed = place(report, 1, LINES, [Claim(start, start + 5, "POLICY")])
    assert placed["entities"] == (Entity(start, start + 5, "POLICY"),)
    assert kinds(report) == []


@pytest.mark.parametrize(
    "text, mentions",
    [
        (
            "甲方：\r\n张三 在北京大学，李四来自上海。\r\n",
            ["张三 ", "北京大学", "上海"],
        ),
        ("😀我们在北京大学 学习，张三来自上海。", ["北京大学 ", "张三", "上海"]),
        ("Dear Sir,\r\nAnn Lee and Bo\r\nleft", ["Ann Lee ", "Bo"]),
    ],
)
def test_a_careless_space_proves_nothing(report, text, mentions):
    places = [(text.index(m), text.index(m) + len(m)) for m in mentions]
    placed = place(report, 1, text, [Claim(*one, "X") for one in places])
    assert [e[:2] for e in placed["entities"]] == places


def test_mentions_in_a_long_text_take_little_time(report):
    text = "Ann\r\n" * 3000
    shown = [{"start": 5 * i, "end": 5 * i + 3, "entity": "PER"} for i in range(3000)]
    before = units_of.cache_info().misses
    claims = [claim for raw in shown for claim in claims_of(raw, text)]
    assert len(place(report, 1, text, claims)["entities"]) == 3000
    assert units_of.cache_info().misses == before + 1


def test_both_units_at_once(report):
    text = "😀\r\nAnn\r\nBo"
    claims = [Claim(3, 6, "PER", "Ann"), Claim(7, 9, "PER", "Bo")]
    placed = place(report, 1, text, claims)
    assert [text[e.start : e.end] for e in placed["entities"]] == ["Ann", "Bo"]
    both = "UTF-16 units, and CR LF as one character"
    assert kinds(report)[-1] == ("repaired", f"offsets seem to count {both}, converted")


def test_spaces_around_a_label_are_left_out(report):
    claims = [Claim(0, 4, "POLICY "), Claim(5, 8, "POLICY")]
    placed = place(report, 1, "Dear Ann", claims)
    assert {entity.label for entity in placed["entities"]} == {"POLICY"}
    assert kinds(report) == [("repaired", "spaces around a label left out")]


@unhurried
@given(text=st.text("a😀 b𝒜", min_size=1, max_size=12), data=st.data())
def test_utf16_units_are_those_of_the_codec(text, data):
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start + 1, len(text)))
    units = [len(text[:at].encode("utf-16-le")) // 2 for at in (start, end)]
    mention = text[start:end]
    report = ReadReport(None, "")
    placed = place(report, 1, text, [Claim(*units, "X", mention)])
    if mention.strip():
        found = [text[e.start : e.end].split() for e in placed["entities"]]
        assert found == [mention.split()]


@pytest.mark.parametrize(
    "text, cut",
    [
        ("Ad|a", True),
        ("AD|A", True),
        ("12|34", True),
        ("Жар|ко", True),
        ("Ada| Bo", False),
        ("|Ada", False),
        ("Ada|", False),
        ("45|yo", False),
        ("Smith|Date", False),
        ("罗|马", False),
        ("서울|에서", False),
        ("ב|תל", False),
        ("กรุง|เทพ", False),
        ("IL-2|-like", False),
        ("Zoe|\u0308 left", True),
        ("Zoe\u0308| left", False),
        ("Zoe\u0308|s", True),
        ("Zoe\u0308\u0323|s", True),
        ("राम| ने", False),
        ("द|िल्ली", True),
        ("दि|ल्ली", False),
        ("ש|ָלוֹם", True),
        ("กร|ุงเทพ", True),
        ("❤|\ufe0f", True),
        ("Ada |\u0301a", False),
        ("\u0301|a", False),
    ],
)
def test_a_word_is_cut_before_marks_and_between_letters_with_case_or_digits(text, cut):
    assert cuts_word(text.replace("|", ""), text.index("|")) is cut


@pytest.mark.parametrize("claim", [Claim(0, 3, "PER"), Claim(1, 4, "PER", "Zoe")])
def test_a_letter_without_its_accent_is_another_word(report, claim):
    placed = place(report, 1, "Zoe\u0308 left", [claim])
    assert placed["entities"] == ()
    assert placed["unknown"] == (Entity(0, 9, "PER"),)


@pytest.mark.parametrize("start, end", [(0, 4), (2, 2), (-1, 1), (None, 1), (0, True)])
def test_tokens_outside_of_the_text_leave_all_of_it_unknown(report, start, end):
    placed = place_tokens(report, 1, 3, [Claim(start, end, "X"), Claim(0, 1, "PER")])
    assert placed == {"entities": {(0, 1, "PER")}, "unknown": {(0, 3, "X")}}
    assert kinds(report) == [("skipped", "entity outside the text")]


def test_an_entity_that_is_listed_twice_counts_once(report):
    placed = place_tokens(report, 1, 3, [Claim(0, 1, "PER"), Claim(0, 1, "PER")])
    assert placed == {"entities": {(0, 1, "PER")}, "unknown": set()}
    assert kinds(report) == [("repaired", "entity listed twice")]


def test_numbers_that_python_refuses_are_none():
    numbers = {"7": 7, "-1": None, "½": None, "²": None, "x": None, "9" * 5_000: None}
    assert {text: whole_number(text) for text in numbers} == numbers
