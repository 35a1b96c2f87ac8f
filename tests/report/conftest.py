"""Docs with handwritten comparisons, and a hostile corpus."""

import pytest
import spacy
from spacy.tokens import Doc, Span, SpanGroup
from spacy.training import Example

from spacy_padellm.report.compare import ComparedDoc, compare
from spacy_padellm.report.page import About, write_page

SPANS_KEY = "padellm_ner"
HOSTILE_TEXT = (
    "<script>alert(1)</script> <img src=x onerror=alert(2)> & \"quoted\" 'too'\r\n"
    "</div></article><mark data-kind='missed'> {text} {{ 7*7 }} \x00\x1b\u202e end"
)
HOSTILE_LABEL = "\"><img src=x onerror=alert(3)>'{0}<script>alert(4)</script>"


def make_doc(nlp, text, ents, scores=()) -> Doc:
    """ents: (start, end, label) in characters. Their scores are stored in doc.spans."""
    doc = nlp.make_doc(text)
    spans = [doc.char_span(start, end, label) for start, end, label in ents]
    doc.set_ents(spans, default="outside")
    if scores:
        doc.spans[SPANS_KEY] = SpanGroup(
            doc, spans=spans, attrs={"scores": list(scores)}
        )
    return doc


@pytest.fixture
def compared():
    """A function that compares docs. It takes texts with gold entities, predictions and
    their scores, and its pipeline does not change the docs."""

    def compared(*rows, lang="en") -> list[ComparedDoc]:
        nlp = spacy.blank(lang)
        examples = [
            Example(make_doc(nlp, text, found, *scores), make_doc(nlp, text, gold))
            for text, gold, found, *scores in rows
        ]
        return list(compare(nlp, examples, SPANS_KEY))

    return compared


# two errors, none, one, three; each kind of error in it
ROWS = [
    ("Li Wei met Ann.", [(0, 6, "PER"), (11, 14, "PER")], [(0, 2, "PER")], [0.5]),
    ("Rome is old.", [(0, 4, "LOC")], [(0, 4, "LOC")], [0.9]),
    ("FIFA won.", [(0, 4, "ORG")], [(0, 4, "LOC")], [0.25]),
    (
        "Bo Li saw New York in May.",
        [(0, 5, "PER"), (10, 18, "LOC")],
        [(0, 2, "ORG"), (10, 18, "LOC"), (22, 25, "ORG"), (6, 9, "ORG")],
        [0.1, 0.8, 0.3, 0.2],
    ),
    ("Nothing.", [], []),
]


@pytest.fixture
def docs(compared):
    return compared(*ROWS)


@pytest.fixture
def hostile_docs():
    """A doc with a hostile text and labels, and one wrong prediction."""
    nlp = spacy.blank("en")
    gold, found = nlp.make_doc(HOSTILE_TEXT), nlp.make_doc(HOSTILE_TEXT)
    gold.set_ents([Span(gold, 0, 4, HOSTILE_LABEL)], default="outside")
    found.set_ents([Span(found, 3, len(found), HOSTILE_LABEL)], default="outside")
    return list(compare(nlp, [Example(found, gold)], SPANS_KEY))


@pytest.fixture
def write(tmp_path):
    """A function that writes the page of docs and returns its path."""

    def write(docs, **about):
        path = tmp_path / "pages" / "report.html"
        about = {"model": "a_model", "pipeline": "", "gold": "gold.spacy", **about}
        write_page(path, About(**about), docs)
        return path

    return write
