"""The page is self-contained, works with the filters, and shows errors first."""

import re
from base64 import b64encode
from hashlib import sha256

import pytest

from spacy_padellm.corpora.base import Entity
from spacy_padellm.report.compare import ComparedDoc
from spacy_padellm.report.marks import PICTURES
from spacy_padellm.report.pairs import ERRORS, Pair

from .conftest import HOSTILE_LABEL, HOSTILE_TEXT, ROWS
from .parsed import Page


@pytest.fixture
def page(docs, write):
    return Page.of(write(docs))


def rows(html: str, section: str) -> list[list[str]]:
    """Return the cells of a section's tables, one list per row."""
    html = re.search(rf'<section id="{section}".*?</section>', html, re.S)[0]
    cells = [
        re.findall(r"<t[hd].*?>(.*?)</t[hd]>", row, re.S)
        for row in re.findall(r"<tr>.*?</tr>", html, re.S)
    ]
    return [[re.sub(r"<.*?>", "", cell).strip() for cell in row] for row in cells]


def test_documents_with_most_errors_come_first_and_equals_in_order(page):
    numbers = [article.attributes["id"] for article in page.articles]
    assert numbers == ["doc-4", "doc-1", "doc-3", "doc-2", "doc-5"]
    errors = [article.attributes["data-errors"] for article in page.articles]
    assert errors == ["3", "2", "1", "0", "0"]


def test_each_document_shows_its_text_twice_with_gold_and_predicted_entities(page):
    for article in page.articles:
        number = int(article.attributes["id"].removeprefix("doc-"))
        text, gold, found, *_ = ROWS[number - 1]
        assert article.texts == [text, text]
        labels = [label for _, _, label in sorted(gold) + sorted(found)]
        assert [label for label, _ in article.marks] == labels


def test_entities_say_label_and_kind_of_error_for_the_filters(page):
    marks = {article.attributes["id"]: article.marks for article in page.articles}
    assert marks["doc-1"] == [
        ("PER", "wrong boundary"),
        ("PER", "missed"),
        ("PER", "wrong boundary"),
    ]
    assert marks["doc-3"] == [("ORG", "wrong label"), ("LOC", "wrong label")]
    assert marks["doc-4"][2:] == [
        ("ORG", "wrong label and boundary"),
        ("ORG", "made up"),
        ("LOC", "correct"),
        ("ORG", "made up"),
    ]
    values = [option["value"] for option in page.named("option")]
    kinds = ["", "any", *ERRORS, "correct", "uncovered"]
    assert values == ["", "LOC", "ORG", "PER", *kinds]


def test_gold_entities_say_what_covers_them(page):
    covers = {article.attributes["id"]: article.covers for article in page.articles}
    assert covers["doc-1"] == ["part", "none"]
    # with another label, and word by word
    assert covers["doc-3"] == ["whole"]
    assert covers["doc-4"] == ["part", "whole"]


def test_scores_and_errors_are_those_of_the_documents(docs, write):
    html = write(docs).read_text(encoding="utf8")
    found = rows(html, "scores")
    covers = [row[0] for row in found].index("label", 1)
    by_name = {row[0]: row[1:] for row in found[:covers]}
    assert by_name["LOC"] == ["2", "3", "2", "66.7", "100.0", "80.0"]
    assert by_name["all (micro)"] == ["6", "7", "2", "28.6", "33.3", "30.8"]
    assert [by_name[kind][0] for kind in ERRORS] == ["1", "2", "1", "1", "1"]
    assert found[covers + 1 :] == [
        ["LOC", "2", "2", "0", "0", "100.0"],
        ["ORG", "1", "1", "0", "0", "100.0"],
        ["PER", "3", "0", "2", "1", "0.0"],
        ["all", "6", "3", "2", "1", "50.0"],
    ]


def test_counts_of_a_label_are_in_its_table(docs, write):
    html = write(docs).read_text(encoding="utf8")
    # LOC: two docs have one and one was found, in one doc it was made of an ORG
    tables = rows(html, "counts")
    assert tables[1] == ["0", "2", "1", "0", "0", "0"]
    assert tables[2] == ["1", "0", "2", "0", "0", "0"]


def test_the_curve_is_drawn_where_there_are_scores(docs, compared, write):
    html = write(docs).read_text(encoding="utf8")
    assert html.count("<svg") == 1 and ">precision</text>" in html
    assert (
        "best F1 is 50.0. You get it if you drop entities with a score below 0.8"
        in html
    )
    figures = {row[0]: row[1:] for row in rows(html, "threshold")}
    assert figures["0.9"] == ["1", "100.0", "16.7", "28.6"]
    unscored = compared(*(row[:3] for row in ROWS))
    html = write(unscored).read_text(encoding="utf8")
    assert "<svg" not in html and "There is no threshold to choose" in html


def test_nothing_is_fetched_and_only_its_own_script_may_run(page, docs, write):
    html = write(docs).read_text(encoding="utf8")
    for _, attributes in page.elements:
        links = {attributes.get(name) for name in ("src", "href", "xlink:href")}
        assert all(link.startswith("#") for link in links - {None})
        assert not any(name.startswith("on") for name in attributes)
    assert "@import" not in html
    assert set(re.findall(r"url\((.)", html)) <= {"#"}
    (script,) = page.inside["script"]
    digest = b64encode(sha256(script.encode()).digest()).decode()
    policy = page.named("meta")[1]["content"]
    assert "default-src 'none'" in policy and f"script-src 'sha256-{digest}';" in policy


def test_hostile_text_label_and_names_stay_text(hostile_docs, write):
    tags = {"svg", "script", "mark"}
    file = write(hostile_docs, model=HOSTILE_TEXT, gold=HOSTILE_LABEL)
    page = Page.of(file)
    (article,) = page.articles
    assert article.texts == [HOSTILE_TEXT.translate(PICTURES)] * 2
    assert article.marks == [(HOSTILE_LABEL, "wrong boundary")] * 2
    assert len(page.named("script")) == 1 and not page.named("img")
    assert page.named("option")[1]["value"] == HOSTILE_LABEL
    assert {tag for tag, _ in page.elements if tag in tags} == {"script", "mark"}
    assert HOSTILE_LABEL in "".join(page.inside["title"])


@pytest.mark.parametrize("scores", [[-3.0, 2.5], [0.5, 0.5], [0.0, 1.0]])
def test_scores_may_be_any_numbers(compared, write, scores):
    ents = [(0, 4, "LOC"), (9, 12, "PER")]
    html = write(compared(("Rome and Ann", ents, ents, scores))).read_text("utf8")
    assert f"drop entities with a score below {min(scores):.3g} (" in html


def test_documents_without_entities_make_a_page(compared, write):
    page = Page.of(write(compared(("Nothing.", [], []))))
    assert [article.marks for article in page.articles] == [[]]


def test_the_page_is_the_same_each_time(docs, write):
    assert write(docs).read_bytes() == write(docs).read_bytes()


def test_right_to_left_and_chinese_texts_say_so(compared, write):
    arabic = compared(("سافر علي", [(5, 8, "PER")], []), lang="ar")
    html = write(arabic, lang="ar", direction="rtl").read_text(encoding="utf8")
    assert 'lang="ar"' in html and "direction: rtl" in html
    chinese = compared(("李伟在北京。", [(0, 2, "PER")], [(0, 2, "PER")]), lang="zh")
    page = Page.of(write(chinese, lang="zh"))
    assert page.articles[0].texts == ["李伟在北京。"] * 2


def test_a_text_is_shown_once_for_each_layer_of_mentions(write):
    text = "New York City won."
    pairs = [
        Pair("missed", gold=Entity(0, 13, "LOC")),
        Pair("missed", gold=Entity(0, 8, "LOC")),
        Pair("missed", gold=Entity(14, 17, "ACT")),
    ]
    path = write([ComparedDoc(1, text, text, tuple(pairs))], gold_key="a_group")
    (article,) = Page.of(path).articles
    assert article.texts == [text, text, text], "gold has two layers, predicted one"
    assert sorted(article.marks) == [("ACT", "missed"), *[("LOC", "missed")] * 2]
    assert "a_group" in path.read_text(encoding="utf8")


def test_documents_that_say_nothing_of_entities_are_mentioned(docs, write):
    html = write(docs, skipped=3).read_text(encoding="utf8")
    assert "skipped 3 without entity annotation" in html
    assert "have no entity annotation" not in write(docs).read_text(encoding="utf8")
