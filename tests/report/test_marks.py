"""The HTML from displaCy preserves any text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_padellm.corpora.base import Entity
from spacy_padellm.report.marks import PICTURES, Mark, layers, render

from .conftest import HOSTILE_LABEL, HOSTILE_TEXT
from .parsed import Page

LETTERS = st.sampled_from([*"<>&\"'/=#;{}%\n\t ab", "<script>", "&lt;", "</div>", "文"])


@st.composite
def marked(draw):
    """A text with unusual characters, and marks that do not overlap."""
    text = "".join(draw(st.lists(LETTERS, min_size=1)))
    edges = draw(st.lists(st.integers(0, len(text)), max_size=6, unique=True))
    edges.sort()
    marks = [
        Mark(Entity(start, end, "".join(draw(st.lists(LETTERS)))), "missed", 0.5)
        for start, end in zip(edges[::2], edges[1::2], strict=False)
    ]
    return text, marks


@given(marked())
def test_any_text_and_label_is_read_back(text_and_marks):
    text, marks = text_and_marks
    page = Page(render(text, marks))
    (article,) = page.articles
    assert article.texts == [text]
    assert article.marks == [(mark.entity.label, "missed") for mark in marks]
    assert {tag for tag, _ in page.elements} <= {"div", "mark", "span", "b", "br"}


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(1, 9)), max_size=8))
def test_marks_that_overlap_are_in_different_layers(places):
    marks = [Mark(Entity(start, start + size, "A"), "missed") for start, size in places]
    found = layers(marks)
    assert sorted(sum(found, [])) == sorted(marks)
    for layer in found:
        ends = [0, *(mark.entity.end for mark in layer)]
        starts = [mark.entity.start for mark in layer]
        assert all(end <= start for end, start in zip(ends, starts, strict=False))
    deepest = max(
        (sum(m.entity.start <= at < m.entity.end for m in marks) for at in range(20)),
        default=0,
    )
    assert len(found) == max(deepest, 1)


def test_hostile_text_and_labels_make_no_elements():
    html = render(HOSTILE_TEXT, [Mark(Entity(3, 40, HOSTILE_LABEL), "wrong label")])
    page = Page(html)
    assert {tag for tag, _ in page.elements} <= {"div", "mark", "span", "b", "br"}
    names = {name for _, attributes in page.elements for name in attributes}
    assert names <= {"class", "style", "data-label", "data-kind", "data-cover"}
    assert page.inside["b"] == [HOSTILE_LABEL]
    assert page.articles[0].texts == [HOSTILE_TEXT.translate(PICTURES)]


def test_control_characters_are_shown_one_for_one():
    assert "a\x00\x1b\r\x7fb\tc".translate(PICTURES) == "a␀␛␍␡b\tc"


def test_nothing_comes_between_the_characters():
    """Chinese has no spaces, but browsers show a newline as a space."""
    html = render("李伟在北京。", [Mark(Entity(0, 2, "PER"), "correct")])
    assert Page(html).articles[0].texts == ["李伟在北京。"]
    assert "\n" not in html


@pytest.mark.parametrize(
    ("kind", "score", "notes"),
    [
        ("correct", None, ""),
        ("correct", 0.256, " <span>0.26</span>"),
        ("missed", None, " <span>missed</span>"),
        ("made up", 0.5, " <span>made up</span> <span>0.50</span>"),
    ],
)
def test_an_error_is_named_in_words_and_a_score_is_shown(kind, score, notes):
    html = render("a", [Mark(Entity(0, 1, "PER"), kind, score)])
    assert f'a<span class="tag"><b>PER</b>{notes}</span></mark>' in html
