"""What a spaCy user is used to, with a padellm_ner in the pipeline."""

import pytest
from spacy import displacy
from spacy.tokens import Doc, Span

from .conftest import GOLD, ents
from .conftest import found as places

TEXT = "Ann left the Bank of England"
FOUND = [("PER", "Ann", 0.9), ("ORG", "Bank of England", 0.6), ("LOC", "England", 0.5)]


@pytest.fixture
def nlp(scripted_nlp):
    return scripted_nlp(lambda text: FOUND if text == TEXT else [], allow_overlap=True)


def test_docs_with_contexts_go_through_as_tuples(nlp):
    docs = [(nlp.make_doc(TEXT), {"id": 1}), (nlp.make_doc("No"), {"id": 2})]
    piped = list(nlp.pipe(docs, as_tuples=True))
    assert [(len(doc.ents), context["id"]) for doc, context in piped] == [
        (2, 1),
        (0, 2),
    ]


def test_pipes_are_selected_disabled_and_excluded(nlp):
    with nlp.select_pipes(disable="padellm_ner"):
        assert not nlp(TEXT).has_annotation("ENT_IOB")
    with nlp.select_pipes(enable="padellm_ner"):
        assert len(nlp(TEXT).ents) == 2
    assert not nlp(TEXT, disable=["padellm_ner"]).ents
    [doc] = nlp.pipe([TEXT], disable=["padellm_ner"])
    assert not doc.ents
    nlp.disable_pipe("padellm_ner")
    assert nlp.pipe_labels.keys() == {"padellm_ner"}
    nlp.enable_pipe("padellm_ner")
    assert len(nlp(TEXT).ents) == 2


def test_the_pipeline_analysis_knows_what_it_assigns(nlp):
    nlp.add_pipe("merge_entities")
    analysis = nlp.analyze_pipes()
    assert analysis["problems"] == {"padellm_ner": [], "merge_entities": []}
    for attribute in ("doc.ents", "doc.spans", "span._.score"):
        assert analysis["attrs"][attribute]["assigns"] == ["padellm_ner"]


def test_labels_are_shown(nlp):
    ner = nlp.get_pipe("padellm_ner")
    assert ner.labels == ("PER", "ORG", "LOC")
    assert nlp.pipe_labels == {"padellm_ner": ["PER", "ORG", "LOC"]}
    assert nlp.meta["labels"]["padellm_ner"] == ["PER", "ORG", "LOC"]


def test_a_doc_becomes_json_with_its_scores_and_spans(nlp):
    doc = nlp(TEXT)
    data = doc.to_json(underscore=["score"])
    assert data["ents"] == [
        {"start": 0, "end": 3, "label": "PER"},
        {"start": 13, "end": 28, "label": "ORG"},
    ]
    assert [span["label"] for span in data["spans"]["padellm_ner"]] == [
        "PER",
        "ORG",
        "LOC",
    ]
    scores = {one["start"]: one["value"] for one in data["underscore_span"]["score"]}
    assert scores == pytest.approx({0: 0.9, 13: 0.6, 21: 0.5})
    again = Doc(nlp.vocab).from_json(data)
    assert ents(again) == ents(doc)
    assert [ent._.score for ent in again.ents] == [ent._.score for ent in doc.ents]
    assert len(again.spans["padellm_ner"]) == 3


def test_docs_are_put_together(nlp):
    docs = list(nlp.pipe([TEXT, "No", TEXT]))
    doc = Doc.from_docs(docs)
    assert [ent._.score for ent in doc.ents] == pytest.approx([0.9, 0.6] * 2)
    assert len(doc.spans["padellm_ner"]) == 6
    part = docs[0][3:].as_doc(copy_user_data=True)
    assert [(ent.text, ent._.score) for ent in part.ents] == [
        ("Bank of England", pytest.approx(0.6))
    ]


def test_merged_entities_keep_their_scores(nlp):
    nlp.add_pipe("merge_entities")
    doc = nlp(TEXT)
    assert [token.text for token in doc][-1] == "Bank of England"
    assert [ent._.score for ent in doc.ents] == pytest.approx([0.9, 0.6])


def test_displacy_draws_entities_and_overlapping_spans(nlp):
    doc = nlp(TEXT)
    assert "Bank of England" in displacy.render(doc, style="ent", jupyter=False)
    options = {"spans_key": "padellm_ner"}
    html = displacy.render(doc, style="span", options=options, jupyter=False)
    assert html.count("ORG") == html.count("LOC") == 1


def test_a_memory_zone_is_no_matter(trained):
    with trained.memory_zone():
        inside = [places(doc) for doc in trained.pipe(text for text, _ in GOLD)]
    assert inside == [entities for _, entities in GOLD]
    assert places(trained(GOLD[0][0])) == GOLD[0][1]


def test_other_components_see_the_entities(nlp):
    ruler = nlp.add_pipe("entity_ruler", config={"overwrite_ents": False})
    ruler.add_patterns([{"label": "VERB", "pattern": "left"}])
    assert ents(nlp(TEXT)) == [
        ("Ann", "PER"),
        ("left", "VERB"),
        ("Bank of England", "ORG"),
    ]
    matched = [token.text for token in nlp(TEXT) if token.ent_type_ == "ORG"]
    assert matched == ["Bank", "of", "England"]


def test_the_sentences_of_a_splitter_before_it_are_its_windows(scripted_nlp):
    nlp = scripted_nlp(lambda text: [], windows={"max_tokens": 4})
    nlp.add_pipe("sentencizer", first=True, config={"punct_chars": [";"]})
    nlp("One two three; four. Five six.")
    asked = nlp.get_pipe("padellm_ner").format.asked
    assert asked == ["One two three;", "four. Five six", "."]


def test_a_user_s_own_entities_may_be_set_afterwards(nlp):
    doc = nlp(TEXT)
    doc.ents = [ent for ent in doc.ents if ent.label_ == "PER"]
    assert [(ent.text, ent._.score) for ent in doc.ents] == [
        ("Ann", pytest.approx(0.9))
    ]
    doc.ents = [*doc.ents, Span(doc, 1, 2, label="VERB")]
    assert [ent._.score for ent in doc.ents] == [pytest.approx(0.9), None]
