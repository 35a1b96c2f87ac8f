"""The group of spans is optional: without it, nothing stands in the doc that merging
tokens would leave behind."""

import copy

import pytest
from spacy.tokens import Doc, DocBin

from spacy_padellm.pipeline.factory import default_config
from spacy_padellm.types import LabelledSpan

from .conftest import annotate, ents
from .test_output import BANK, LONDON, TEXT


@pytest.fixture
def merging_nlp(scripted_nlp):
    nlp = scripted_nlp(lambda text: [BANK, LONDON], spans_key=None)
    nlp.add_pipe("merge_entities")
    return nlp


def again(doc: Doc, way: str) -> Doc:
    if way == "bytes":
        return Doc(doc.vocab).from_bytes(doc.to_bytes())
    if way == "copy":
        return copy.deepcopy(doc)
    if way == "json":
        return Doc(doc.vocab).from_json(doc.to_json())
    data = DocBin(docs=[doc], store_user_data=True).to_bytes()
    [loaded] = DocBin().from_bytes(data).get_docs(doc.vocab)
    return loaded


@pytest.mark.parametrize("way", ["bytes", "copy", "json", "docbin"])
def test_a_doc_with_merged_entities_goes_anywhere(merging_nlp, way):
    doc = merging_nlp(TEXT)
    assert [token.text for token in doc][-3:] == ["Bank of England", "in", "London"]
    assert not doc.spans
    assert [ent._.score for ent in doc.ents] == pytest.approx([0.6, 0.3])
    loaded = again(doc, way)
    assert ents(loaded) == ents(doc) == [("Bank of England", "ORG"), ("London", "LOC")]
    if way != "json":
        assert [ent._.score for ent in loaded.ents] == pytest.approx([0.6, 0.3])


def test_no_group_is_the_default():
    assert default_config["spans_key"] is None


def test_it_comes_back_from_processes(trained):
    nlp = copy.deepcopy(trained)
    nlp.get_pipe("padellm_ner").spans_key = None
    nlp.add_pipe("merge_entities")
    text = "Maria Rossi left Oslo, and Oslo wept."
    for doc in nlp.pipe([text] * 3, n_process=2, batch_size=1):
        assert not doc.spans
        assert ents(doc)[:2] == [("Maria Rossi", "PERSON"), ("Oslo", "LOC")]
        assert doc[0].text == "Maria Rossi" and doc.ents[0]._.score > 0


@pytest.mark.parametrize("setting", ["allow_overlap", "save_trace"])
def test_what_needs_a_group_says_so(make_nlp, scripted_nlp, setting):
    said = f"E815.*{setting}.*spans_key is null"
    with pytest.raises(ValueError, match=said):
        make_nlp(spans_key=None, **{setting: True})
    nlp = scripted_nlp(lambda text: [LONDON], spans_key=None)
    with pytest.raises(ValueError, match=said):
        nlp(TEXT, component_cfg={"padellm_ner": {setting: True}})
    with pytest.raises(ValueError, match=said):
        setattr(nlp.get_pipe("padellm_ner"), setting, True)
    nlp(TEXT, component_cfg={"padellm_ner": {setting: True, "spans_key": "sc"}})


def test_without_a_group_other_components_may_write_any(scripted_nlp):
    nlp = scripted_nlp(lambda text: [LONDON], spans_key=None)
    nlp.add_pipe("span_ruler", config={"spans_key": "ruler"})
    doc = nlp(TEXT)
    assert list(doc.spans) == ["ruler"] and ents(doc) == [("London", "LOC")]


def test_a_second_component_keeps_the_scores_of_the_first(doc):
    annotate(doc, [LabelledSpan(8, 9, "LOC", 0.7)], spans_key=None)
    annotate(doc, [LabelledSpan(0, 2, "PER", 0.9)], spans_key=None)
    assert [ent._.score for ent in doc.ents] == [0.9, 0.7]
