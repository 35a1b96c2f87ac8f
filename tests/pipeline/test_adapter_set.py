"""The set of a component's adapters, by itself."""

import pytest

from spacy_padellm.formats.one_step import build_one_step_v1
from spacy_padellm.formats.padellm import build_padellm_v1
from spacy_padellm.model.architectures import build_causal_lm_v1
from spacy_padellm.model.shim import causal_lm_shim
from spacy_padellm.pipeline.adapter_format import check_format
from spacy_padellm.pipeline.adapter_set import AdapterSet


@pytest.fixture
def adapters(tiny_base, adapter_folder):
    """An own adapter trained for PERSON and LOC, and "more" from the same files."""
    model = build_causal_lm_v1(base=str(tiny_base), adapter=str(adapter_folder))
    paths = {"more": str(adapter_folder)}
    return AdapterSet(causal_lm_shim(model), name="ner", paths=paths)


def test_each_adapter_has_labels_of_its_own(adapters):
    assert list(adapters.labels(None)) == list(adapters.labels("more"))
    adapters.choice("more").give({"DISH": "dish"})
    assert adapters.labels("more") == {"DISH": "dish"}
    assert list(adapters.labels(None)) == ["PERSON", "LOC"]
    adapters.choice("more").give(None)
    assert list(adapters.labels("more")) == ["PERSON", "LOC"]


def test_a_removed_adapter_leaves_the_own_one_active(adapters):
    adapters.activate("more")
    assert adapters.shim("more").lm is adapters.active_lm
    with pytest.raises(ValueError, match="E813.*'more'"):
        adapters.check_trains_its_own()
    adapters.remove("more")
    adapters.check_trains_its_own()
    assert adapters.active is None and adapters.active_lm is adapters.own.lm
    with pytest.raises(ValueError, match="E812.*'more'.*none"):
        adapters.activate("more")


def test_an_adapter_answers_in_its_own_format_only(adapters):
    check_format(adapters.own, build_padellm_v1(), adapters.name)
    with pytest.raises(ValueError, match="E802"):
        check_format(adapters.own, build_one_step_v1(), adapters.name)


@pytest.mark.parametrize("name", ["", "a/b", " a", "a.b", 3])
def test_a_name_is_one_for_a_folder(adapters, name):
    with pytest.raises(ValueError, match="E811"):
        adapters.from_folder(name, "x")
