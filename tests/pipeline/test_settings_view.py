"""`cfg`: the settings of a component as spaCy's tools read and write them."""

import copy
import pickle

import pytest
import spacy
from spacy.training import Example

POINTER = {"@misc": "spacy_padellm.Pointer.v1", "thresholds": {"PER": 0.2}}


@pytest.fixture
def ner():
    config = {"labels": ["PER"], "spans_key": "sc", "format": POINTER}
    return spacy.blank("en").add_pipe("padellm_ner", config=config)


def test_what_is_set_there_is_set(ner):
    ner.cfg["threshold"] = 0.6
    ner.cfg["format"]["threshold"] = 0.7
    ner.cfg["format"]["thresholds"]["ORG"] = 0.8
    assert (ner.threshold, ner.format.threshold) == (0.6, 0.7)
    assert ner.format.thresholds == {"PER": 0.2, "ORG": 0.8}


def test_it_has_the_values_of_now(ner):
    ner.threshold = 0.5
    assert ner.cfg["threshold"] == 0.5 and ner.cfg["spans_key"] == "sc"
    assert ner.cfg["format"]["thresholds"] == {"PER": 0.2}
    assert len(ner.cfg) == len(dict(ner.cfg)) == 9


def test_settings_of_another_component_can_be_taken(ner):
    other = spacy.blank("en").add_pipe("padellm_ner", config={"labels": ["PER"]})
    ner.threshold = 0.9
    other.cfg = ner.cfg
    assert other.output == ner.output and other.format == ner.format
    other.threshold = 0.1
    assert ner.threshold == 0.9


@pytest.mark.parametrize(
    ("where", "name", "value", "error"),
    [
        ((), "threshold", 2, "E805"),
        ((), "thresold", 0.5, "E804.*thresold"),
        (("format",), "thresold", 0.5, "E822.*thresold.*Pointer.*threshold, thresh"),
        (("format",), "size", 7, "E822.*'size' of the format 'Pointer"),
        (("format",), "threshold", 2, "E805"),
        (("format", "thresholds"), "PER", 2, "E805.*thresholds.PER"),
    ],
)
def test_a_wrong_setting_is_refused(ner, where, name, value, error):
    settings, before = ner.cfg, (ner.output, ner.format)
    for key in where:
        settings = settings[key]
    with pytest.raises(ValueError, match=error):
        settings[name] = value
    with pytest.raises(TypeError, match="E821"):
        del settings["threshold"]
    assert (ner.output, ner.format) == before


def test_settings_that_need_each_other_are_set_together(ner):
    other = spacy.blank("en").add_pipe("padellm_ner", config={"labels": ["PER"]})
    other.cfg.update({"allow_overlap": True, "spans_key": "names"})
    assert other.allow_overlap and other.spans_key == "names"
    with pytest.raises(ValueError, match="E805"):
        ner.cfg = {"spans_key": "other", "format": {"threshold": 2}}
    assert ner.spans_key == "sc", "all of it is set, or nothing"
    other.cfg = {"spans_key": None, "allow_overlap": False}
    ner.cfg = other.cfg
    assert ner.spans_key is None


def test_a_copy_is_a_plain_dict(ner):
    for twin in (copy.deepcopy(ner.cfg), pickle.loads(pickle.dumps(ner.cfg))):
        assert type(twin) is dict and twin == ner.cfg
        twin["format"]["thresholds"]["PER"] = 0.9
    assert ner.format.thresholds == {"PER": 0.2}


def test_spacys_scorer_of_spans_finds_its_group():
    nlp = spacy.blank("en")
    scorer = {"@scorers": "spacy.spancat_scorer.v1"}
    config = {"labels": ["PER"], "spans_key": "sc", "scorer": scorer}
    ner = nlp.add_pipe("padellm_ner", config=config)
    doc = nlp.make_doc("Maria left")
    doc.spans["sc"] = [doc.char_span(0, 5, "PER")]
    assert ner.score([Example(doc, doc)])["spans_sc_f"] == 1.0
