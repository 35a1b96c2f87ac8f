"""`cfg`: the settings of a component as spaCy's tools read and write them."""

import pytest
import spacy
from spacy.pipeline.spancat import spancat_score
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
        (("format",), "thresold", 0.5, "E822.*Pointer.*thresold.*threshold, size"),
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


def test_spacys_scorer_of_spans_finds_its_group(ner):
    nlp = spacy.blank("en")
    doc = nlp("Maria left")
    doc.spans["sc"] = [doc.char_span(0, 5, "PER")]
    scores = spancat_score([Example(doc, doc)], spans_key=ner.cfg["spans_key"])
    assert scores["spans_sc_f"] == 1.0
