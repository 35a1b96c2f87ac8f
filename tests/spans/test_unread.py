"""Tokens that are too long to be words, and encoded data, are in no window."""

import base64
import random

import pytest
import spacy

from spacy_padellm.spans.unread import LONGEST, unread_parts, without_parts
from spacy_padellm.types import Window

from .random_docs import make_doc

LONG = "x" * (LONGEST + 1)
DATA = random.Random(0).randbytes(601)


def test_tokens_of_hundreds_of_characters_are_long_and_whitespace_is_not():
    doc = make_doc("a", "." * (LONGEST + 1), "." * LONGEST, " " * 300)
    assert unread_parts(doc) == [range(1, 2)]


@pytest.mark.parametrize("encode", [base64.b64encode, base64.urlsafe_b64encode])
@pytest.mark.parametrize("width", [None, 76, 64])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("lang", ["en", "zh"])
def test_encoded_data_is_one_part(encode, width, end, lang):
    """The tokenizer splits it at some characters, and mails break it into lines."""
    encoded = encode(DATA).decode()
    width = width or len(encoded)
    lines = [encoded[i : i + width] for i in range(0, len(encoded), width)]
    doc = spacy.blank(lang)(f"Tom Becker sent {end.join(lines)} to Oslo.")
    [part] = unread_parts(doc)
    assert len(part) > 1
    assert doc[: part.start].text.replace(" ", "") == "TomBeckersent"
    after = doc[part.stop :].text
    assert after.replace(" ", "").strip() == "toOslo."


@pytest.mark.parametrize(
    "text",
    [
        "Maria-Jensen/Omar_Haddad+Li-Wei " * 20,
        "/home/Maria/Jensen/Omar_Haddad/Li-Wei" * 20,
        "/2026/11/28/Maria/Jensen/Omar" * 20,
        "ThePeopleWhoMetMariaJensenAndOmarHaddad-" * 20,
        '{"name":"Maria Jensen","city":"Oslo"},' * 20,
        "Maria;Oslo;Li;Rome;" * 20,
        "王小明在北京大学学习后来搬到上海" * 20,
        "https://example.org/people?name=Maria.Jensen&city=Oslo",
        "\n".join([base64.b64encode(DATA).decode()[:60]] * 3),
    ],
)
def test_texts_without_spaces_and_short_codes_are_read(text):
    assert unread_parts(spacy.blank("zh")(text)) == []


@pytest.mark.parametrize(
    "following",
    [
        "maria_jensen_of_the_office@example.org",
        "from=Maria",
        "Maria",
        "Maria-Jensen",
        "Maria-Jensen-Schmidt-Hansen",
        "AnneliseVonKleistHohenzollern",
        "Maria-Jensen-Of-Oslo-1978",
        "SenderName=",
        "MariaJensenSchmidtHansen",
    ],
)
def test_what_follows_encoded_data_is_read(following):
    doc = spacy.blank("en")(f"{base64.b64encode(DATA[:600]).decode()}\n{following}")
    [part] = unread_parts(doc)
    assert doc[part.stop :].text.strip() == following


def test_a_part_is_there_once():
    """As a long token and as encoded data."""
    doc = make_doc("a", DATA.hex(), "b", LONG, LONG)
    assert unread_parts(doc) == [range(1, 2), range(3, 4), range(4, 5)]


def test_windows_are_split_around_them():
    doc = make_doc("a", "b", LONG, "c", LONG, LONG)
    windows = without_parts([Window(0, 6, 0, 6)], unread_parts(doc))
    assert windows == [Window(0, 2, 0, 2), Window(3, 4, 3, 4)]
    assert without_parts([Window(0, 6, 0, 6)], []) == [Window(0, 6, 0, 6)]


def test_a_part_of_several_windows_is_in_none():
    windows = [Window(0, 3, 0, 3), Window(3, 5, 3, 5), Window(5, 8, 5, 8)]
    assert without_parts(windows, [range(2, 6)]) == [
        Window(0, 2, 0, 2),
        Window(6, 8, 6, 8),
    ]


def test_a_window_that_keeps_nothing_is_left_to_its_neighbour():
    doc = make_doc("a", "b", "c", "." * 300, "d", "e", "f")
    windows = [Window(0, 5, 0, 4), Window(2, 7, 4, 7)]
    assert without_parts(windows, unread_parts(doc)) == [
        Window(0, 3, 0, 3),
        Window(4, 7, 4, 7),
    ]
