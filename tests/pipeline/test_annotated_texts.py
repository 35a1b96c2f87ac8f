"""The entities that `annotate` writes are those of the docs."""

import pytest
from spacy.language import Language
from spacy.tokens import Doc, Span

from spacy_padellm.annotate.entities import DocAnnotator, Failure
from spacy_padellm.annotate.rows import Row

TEXT = "Maria Jensen met Lee in Oslo."
FOUND = [("PER", "Maria Jensen", 0.9), ("PER", "Lee", 0.8), ("LOC", "Oslo", 0.7)]


@Language.component("drops_places")
def drops_places(doc):
    doc.ents = [ent for ent in doc.ents if ent.label_ != "LOC"]
    return doc


@Language.component("renames_people")
def renames_people(doc):
    new = {"PER": "PERSON"}
    doc.ents = [
        Span(doc, ent.start, ent.end, new.get(ent.label_, ent.label_))
        for ent in doc.ents
    ]
    return doc


@pytest.fixture
def found(scripted_nlp):
    """What `annotate` writes for the text: its entities, after more components."""

    def found(*components, **config):
        nlp = scripted_nlp(lambda text: FOUND, **config)
        for name in components:
            nlp.add_pipe(name)
        annotator = DocAnnotator(nlp)
        [doc] = annotator.annotate([Row(0, TEXT, {})])
        entities = annotator.entities(doc)
        if isinstance(entities, Failure):
            return entities
        assert all(type(one["score"]) is float for one in entities)
        return [(TEXT[e["start"] : e["end"]], e["label"]) for e in entities]

    return found


@pytest.mark.parametrize("key", [None, "mine"])
def test_what_later_components_change_stays_changed(found, key):
    maria, lee, oslo = [(text, label) for label, text, _ in FOUND]
    assert found(spans_key=key) == [maria, lee, oslo]
    assert found("drops_places", spans_key=key) == [maria, lee]
    people = [(text, "PERSON") for text, _ in (maria, lee)]
    assert found("renames_people", spans_key=key) == [*people, oslo]
    assert found("merge_entities", spans_key=key) == [maria, lee, oslo]


def test_mentions_that_may_overlap_are_all_written(found):
    overlapping = {"spans_key": "mine", "allow_overlap": True}
    assert len(found(**overlapping)) == 3
    assert len(found("drops_places", **overlapping)) == 3


def test_mentions_whose_tokens_are_gone_fail_the_document(scripted_nlp):
    """Their places are right as long as the doc has tokens of these numbers."""
    told = [("PER", "Maria Jensen", 0.9), ("PER", "Ann Lee", 0.8)]
    nlp = scripted_nlp(lambda text: told, spans_key="mine", allow_overlap=True)
    nlp.add_pipe("merge_entities")
    annotator = DocAnnotator(nlp)
    texts = ["Maria Jensen met Ann Lee", "Maria Jensen met Ann Lee in Oslo."]
    rows = [Row(i, text, {}) for i, text in enumerate(texts)]
    gone, there = map(annotator.entities, annotator.annotate(rows))
    assert "E035" in gone.reason
    places = [texts[1][one["start"] : one["end"]] for one in there]
    assert places == ["Maria Jensen", "Ann Lee"]


def test_a_text_that_the_tokenizer_changes_fails(scripted_nlp):
    nlp = scripted_nlp(lambda text: FOUND)
    nlp.tokenizer = lambda text: Doc(nlp.vocab, words=text.split())
    rows = [Row(i, text, {}) for i, text in enumerate(["then   he left", "it is"])]
    changed, same = DocAnnotator(nlp).annotate(rows)
    assert "tokenizer changes the text" in changed.reason and same.text == "it is "
