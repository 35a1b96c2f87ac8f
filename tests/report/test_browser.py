"""Test the page in headless Chromium. To run it, apt-get install chromium, install the
extra `browser`, and call python -m pytest -m external tests/report
"""

import shutil

import pytest

from spacy_padellm.report.marks import PICTURES

from .conftest import HOSTILE_LABEL, HOSTILE_TEXT

pytestmark = pytest.mark.external

LABELS = ["", "LOC", "ORG", "PER"]
KINDS = ["", "any", "missed", "made up", "wrong label", "wrong boundary"]
KINDS += ["wrong label and boundary", "correct", "uncovered"]


@pytest.fixture(scope="module")
def chromium():
    sync_api = pytest.importorskip("playwright.sync_api")
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        pytest.skip("no chromium on this machine")
    with sync_api.sync_playwright() as playwright:
        # the sandbox needs rights that containers do not give
        browser = playwright.chromium.launch(
            executable_path=program, args=["--no-sandbox"]
        )
        yield browser
        browser.close()


@pytest.fixture
def open_page(chromium):
    """Open a file. `page.events` records the page's messages and requests."""
    contexts = []

    def open_page(path, **options):
        contexts.append(chromium.new_context(offline=True, **options))
        page = contexts[-1].new_page()
        page.events = []
        page.on("console", lambda message: page.events.append(message.text))
        page.on("pageerror", lambda error: page.events.append(str(error)))
        page.on("request", lambda request: page.events.append(request.url))
        page.on(
            "dialog", lambda dialog: page.events.append("dialog") or dialog.dismiss()
        )
        page.goto(path.as_uri())
        assert page.events.pop(0) == path.as_uri()
        return page

    yield open_page
    for context in contexts:
        context.close()


def visible(page) -> list[str]:
    return [
        article.get_attribute("id")
        for article in page.locator("article").all()
        if article.is_visible()
    ]


def expected(docs, label, kind) -> set[str]:
    """The documents with an entity of the label and the kind of error, or with a gold
    entity that is not covered."""
    fit = set()
    for doc in docs:
        if kind == "uncovered":
            left = {
                one.label for one, cover in doc.covers().items() if cover != "whole"
            }
            if left and label in ("", *left):
                fit.add(f"doc-{doc.number}")
            continue
        for pair in doc.pairs:
            labels = {pair.gold and pair.gold.label}
            labels.add(pair.predicted and pair.predicted.entity.label)
            any_error = kind == "any" and pair.kind != "correct"
            if label in ("", *labels) and (kind in ("", pair.kind) or any_error):
                fit.add(f"doc-{doc.number}")
    return {f"doc-{doc.number}" for doc in docs} if label == kind == "" else fit


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [400, 1280])
def test_it_renders_and_reports_no_errors(docs, write, open_page, scheme, width):
    page = open_page(
        write(docs),
        color_scheme=scheme,
        viewport={"width": width, "height": 900},
    )
    assert page.title() == "Entities of gold.spacy by a_model"
    for section in ("scores", "threshold", "counts", "documents"):
        assert page.locator(f"#{section}").is_visible()
    assert page.locator("svg").bounding_box()["width"] > 200
    # nothing is wider than the window
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    colour = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert colour == ("rgb(255, 255, 255)" if scheme == "light" else "rgb(20, 23, 27)")
    assert page.events == []


def test_gold_and_predicted_stand_side_by_side_where_there_is_room(
    docs, write, open_page
):
    path = write(docs)
    for width, beside in ((1280, True), (400, False)):
        page = open_page(path, viewport={"width": width, "height": 900})
        gold, found = (
            page.locator(f"#doc-1 .{side}").bounding_box()
            for side in ("gold", "predicted")
        )
        assert (gold["y"] == found["y"]) is beside
        assert (gold["x"] == found["x"]) is not beside


def test_each_choice_of_label_and_kind_shows_the_documents_that_have_both(
    docs, write, open_page
):
    page = open_page(write(docs))
    shown = {}
    for label in LABELS:
        for kind in KINDS:
            page.select_option("#label", label)
            page.select_option("#kind", kind)
            fit = expected(docs, label, kind)
            assert set(visible(page)) == fit, (label, kind)
            assert page.locator("#shown").inner_text() == f"{len(fit)} of 5 documents"
            assert page.locator("#nothing").is_visible() == (not fit)
            shown[label, kind] = len(fit)
    # the docs tell the choices apart, and both choices count together
    assert shown["PER", ""] == 2 and shown["", "made up"] == 1
    assert shown["PER", "made up"] == 0
    assert page.events == []


def test_a_filter_works_from_the_keyboard(docs, write, open_page):
    page = open_page(write(docs))
    page.focus("#kind")
    page.keyboard.type("wrong label")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "kind"
    assert visible(page) == ["doc-3"]


def test_hostile_text_and_labels_are_text(hostile_docs, write, open_page):
    path = write(hostile_docs, model=HOSTILE_TEXT, gold=HOSTILE_LABEL)
    page = open_page(path)
    side = page.locator("#doc-1 .gold .entities")
    text = side.evaluate(
        """side => {
          side.querySelectorAll(".tag").forEach((tag) => tag.remove());
          side.querySelectorAll("br").forEach((br) => br.replaceWith("\\n"));
          return side.textContent;
        }"""
    )
    assert text == HOSTILE_TEXT.translate(PICTURES)
    assert page.locator("script").count() == 1 and page.locator("img").count() == 0
    page.select_option("#label", HOSTILE_LABEL)
    assert visible(page) == ["doc-1"]
    assert page.locator("h1").inner_text() == "Named entities, gold and predicted"
    assert page.events == []


def test_a_script_that_got_into_the_page_would_not_run(docs, write, open_page):
    """The content security policy protects the page if a text is not escaped."""
    path = write(docs)
    html = path.read_text(encoding="utf8")
    inserted = "<img src=x onerror=alert(1)><script>alert(2)</script></main>"
    path.write_text(html.replace("</main>", inserted), encoding="utf8")
    page = open_page(path)
    assert page.locator("img").count() == 1 and page.locator("script").count() == 2
    assert "dialog" not in page.events
    assert sum("Content Security Policy" in event for event in page.events) >= 2


def test_a_thousand_documents_are_filtered_at_once(compared, write, open_page):
    text = "Li Wei met Ann. " * 20
    gold = [(16 * i, 16 * i + 6, "PER") for i in range(20)]
    docs = compared(*[(text, gold, gold[: i % 20]) for i in range(1000)])
    page = open_page(write(docs))
    took = page.evaluate(
        """() => {
          const kind = document.getElementById("kind");
          const start = performance.now();
          for (const value of ["missed", "", "made up", "correct"]) {
            kind.value = value;
            kind.dispatchEvent(new Event("input", { bubbles: true }));
            document.body.offsetHeight;  // lays the page out
          }
          return (performance.now() - start) / 4;
        }"""
    )
    assert page.locator("#shown").inner_text() == "950 of 1000 documents"
    assert took < 500  # ms


def test_after_a_reload_filter_and_list_agree(docs, write, open_page):
    page = open_page(write(docs))
    page.select_option("#kind", "missed")
    page.reload()
    kind = page.locator("#kind").input_value()
    number = len(expected(docs, "", kind))
    assert page.locator("#shown").inner_text() == f"{number} of 5 documents"
