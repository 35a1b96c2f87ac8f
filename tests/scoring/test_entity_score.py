"""`ent._.score` may be an extension of the user's, with another meaning."""

import pytest
import spacy
from spacy.tokens import Span

from spacy_padellm.cli import demo
from spacy_padellm.report.compare import scores_of
from spacy_padellm.scoring.entity_score import entity_score


@pytest.fixture
def doc():
    doc = spacy.blank("en")("Ann left")
    doc.set_ents([Span(doc, 0, 1, "PER")])
    return doc


@pytest.fixture(autouse=True)
def restored():
    """The extension that the process had."""
    before = Span.get_extension("score") if Span.has_extension("score") else None
    yield
    if Span.has_extension("score"):
        Span.remove_extension("score")
    if before:
        default, method, getter, setter = before
        one = {"getter": getter, "setter": setter} if getter else {"default": default}
        Span.set_extension("score", **({"method": method} if method else one))


def fails(span):
    raise KeyError("no score")


@pytest.mark.parametrize(
    ("extension", "score"),
    [
        ({"default": 0.5}, 0.5),
        ({"getter": lambda span: 1}, 1.0),
        ({"default": None}, None),
        ({"default": "high"}, None),
        ({"default": "0.5"}, None),
        ({"default": {}}, None),
        ({"getter": fails}, None),
        ({"method": lambda span: 0.5}, None),
    ],
)
def test_a_score_is_a_number(doc, extension, score):
    Span.set_extension("score", force=True, **extension)
    assert entity_score(doc.ents[0]) == score
    assert scores_of(doc, "none") == [score]
    shown = "" if score is None else f"{score:.3f}"
    assert f"Ann\tPER\t{shown}\t0\t3" in demo.plain(doc)


def test_without_the_extension_there_is_none(doc):
    if Span.has_extension("score"):
        Span.remove_extension("score")
    assert entity_score(doc.ents[0]) is None and scores_of(doc, "none") == [None]
