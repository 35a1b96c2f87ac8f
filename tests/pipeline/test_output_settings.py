"""The output settings, which component, spacy-llm and saved files have in common."""

import inspect
from dataclasses import fields

import pytest

from spacy_padellm.llm.task import build_ner_v1
from spacy_padellm.pipeline.factory import default_config, make_padellm_ner
from spacy_padellm.pipeline.output import Output, OutputSetting
from spacy_padellm.pipeline.padellm_ner import PaDeLLMNER
from spacy_padellm.pipeline.saved_cfg import LAYOUT

DEFAULTS = {one.name: one.default for one in fields(Output)}
# A version that lacks a setting refuses what a later one has saved with it, so each new
# setting needs a new `LAYOUT`.
LAYOUT_3 = (
    *("spans_key", "allow_overlap", "threshold", "deduplicate", "overwrite_ents"),
    *("alignment_mode", "all_occurrences", "save_trace"),
)


def test_what_is_saved_belongs_to_this_layout():
    assert (LAYOUT, tuple(DEFAULTS)) == (3, LAYOUT_3)


def test_the_component_and_spacy_llm_have_the_same_settings_and_defaults():
    task = inspect.signature(build_ner_v1).parameters

    assert {name: default_config[name] for name in DEFAULTS} == DEFAULTS
    assert DEFAULTS.keys() <= inspect.signature(make_padellm_ner).parameters.keys()
    assert {name: task[name].default for name in DEFAULTS} == DEFAULTS


@pytest.mark.parametrize("name", DEFAULTS)
def test_each_setting_is_an_attribute_of_the_component(name: str):
    assert isinstance(getattr(PaDeLLMNER, name), OutputSetting)
