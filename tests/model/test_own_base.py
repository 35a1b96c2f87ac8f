"""Adapters that change modules which every adapter computes with have a base of their
own, and leave others alone."""

import pytest
from peft.utils import TRANSFORMERS_MODELS_TO_LORA_TARGET_MODULES_MAPPING as MAPPING

from spacy_padellm.adapters.files import read_adapter, write_adapter
from spacy_padellm.model.architectures import build_causal_lm_v1
from spacy_padellm.model.shim import causal_lm_shim

from ..loras import LORA
from ..tree_training import TREES, same, train, weights

CHANGING = {
    "an embedding": {"target_modules": ["q_proj", "embed_tokens"]},
    "the output layer": {"target_modules": ["q_proj", "lm_head"]},
    "tokens": {"trainable_token_indices": [5, 9]},
    "tokens of a module": {"trainable_token_indices": {"embed_tokens": [5, 9]}},
    "copies": {"modules_to_save": ["norm"]},
}


@pytest.fixture(params=CHANGING)
def changing(request):
    """The settings of an adapter that changes this."""
    return LORA | CHANGING[request.param]


def base_of(model):
    return causal_lm_shim(model).lm.base


def test_a_new_one_leaves_others_alone(build, changing):
    first = build()
    before = first.predict(TREES)
    other = build(lora=changing)
    train(other, steps=2)
    last = build(seed=3)
    assert base_of(first) is base_of(last) is not base_of(other)
    assert first.predict(TREES) == before
    train(last, steps=1)


def test_one_from_files_leaves_others_alone(build, changing, tmp_path, tiny_base):
    other = build(lora=changing)
    train(other, steps=2)
    expected = other.predict(TREES)
    write_adapter(tmp_path, causal_lm_shim(other).adapter("f", {}))
    assert read_adapter(tmp_path).needs_own_base
    first = build()
    before = first.predict(TREES)
    read = build_causal_lm_v1(base=str(tiny_base), adapter=str(tmp_path))
    assert read.predict(TREES) == pytest.approx(expected, rel=1e-5)
    assert same(weights(read), weights(other))
    last = build(seed=3)
    assert base_of(first) is base_of(last) is not base_of(read)
    assert first.predict(TREES) == before


def test_an_output_layer_that_peft_chooses(build, monkeypatch):
    """By a regular expression, as it chooses Gemma 4's modules."""
    expression = r".*q_proj|lm_head"
    monkeypatch.setitem(MAPPING, "llama", expression)
    first, other = build(), build(lora={"r": 4, "target_modules": None})
    assert base_of(first) is not base_of(other)


def test_plain_lora_shares_the_base(build, tmp_path):
    model = build(lora=LORA | {"target_modules": "all-linear"})
    write_adapter(tmp_path, causal_lm_shim(model).adapter("f", {}))
    assert not read_adapter(tmp_path).needs_own_base
    assert base_of(model) is base_of(build())
