"""A newline that wraps a long line ends no sentence; others do."""

import pytest
import spacy

from spacy_padellm.spans.sentences import sentence_ends
from spacy_padellm.spans.wrapping import unwrapped, wrapping_newlines

WRAPPED = """\
Then Tom Becker and the people of the office met Fatima
Khan, who had come from Nairobi. They went to the house
of the embassy, and
nobody has seen them since. Best wishes from the office,
Tom
"""


def sentences(text: str) -> list[str]:
    doc = spacy.blank("en")(text)
    ends = sentence_ends(doc)
    return [doc[a:b].text for a, b in zip([0, *ends], ends, strict=False)]


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r", " \n", "\n  "])
def test_a_wrapped_line_goes_on(newline):
    first, second, third, fourth = sentences(WRAPPED.replace("\n", newline))[:4]
    assert first.split()[-7:-2] == ["Fatima", "Khan,", "who", "had", "come"]
    assert second.split()[:6] == ["They", "went", "to", "the", "house", "of"]
    # these ends are the writer's own: the next word would have fit
    assert second.split()[-1] == "and"
    assert third.split()[0] == "nobody"
    assert fourth.split()[:2] == ["Best", "wishes"]


@pytest.mark.parametrize(
    "following",
    ["- a second item", "2. the next", "> quoted", "Date: Monday", "", "x" * 31],
)
def test_what_begins_something_new_does(following):
    line = "Subject: the minutes of the meeting of the office in Oslo"
    assert wrapping_newlines(f"{line}\n{following}\nends") == frozenset()
    assert wrapping_newlines(f"{line}\nand in Bergen\nends") == {len(line)}


@pytest.mark.parametrize("following", ["(in Oslo)", '"Yes', "2.5 times", "-ing", "…"])
def test_a_sentence_may_go_on_with_any_sign(following):
    line = "They wrote the minutes of the meeting of the office there"
    assert wrapping_newlines(f"{line}\n{following} ends") == {len(line)}


def test_lines_that_nobody_wraps_are_paragraphs():
    """Short ones, and those that are longer than a screen."""
    for width in (49, 121):
        text = "\n".join(["word " * (width // 5) + "x" * (width % 5)] * 4)
        assert wrapping_newlines(text) == frozenset()


def test_chinese_lines_have_no_words_that_could_fit():
    assert (
        wrapping_newlines("\n".join(["王小明在北京大学学习后来搬到上海" * 5] * 3))
        == frozenset()
    )


def test_whitespace_around_the_newline_is_there_too():
    line = "Then Tom Becker and the people of the office met Fatima"
    places = wrapping_newlines(f"{line}  \r\nKhan")
    assert places == set(range(len(line), len(line) + 4))


def test_spaces_take_the_place_of_what_wraps():
    text = unwrapped(WRAPPED)
    assert len(text) == len(WRAPPED)
    assert "met Fatima Khan, who" in text and "the house\nof the" not in text
    assert "embassy, and\nnobody" in text
    assert unwrapped("a\nb") == "a\nb"
