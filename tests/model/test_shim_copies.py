"""Copies and bytes hold the adapter, what it is for, and never the base."""

import copy
import pickle

import pytest

from spacy_padellm.model.architectures import build_causal_lm_v1
from spacy_padellm.model.shim import causal_lm_shim

from ..tree_training import TREES, train, weights


def through_bytes(model):
    twin = build_causal_lm_v1(
        base=causal_lm_shim(model).settings.base, adapter="/never/read"
    )
    return twin.from_bytes(model.to_bytes())


@pytest.mark.parametrize(
    "duplicate",
    [
        lambda model: model.copy(),
        lambda model: pickle.loads(pickle.dumps(model)),
        copy.deepcopy,
        through_bytes,
    ],
    ids=["copy", "pickle", "deepcopy", "bytes"],
)
def test_a_duplicate_says_the_same_and_learns_by_itself(build, duplicate):
    model = build()
    train(model)
    twin = duplicate(model)
    loss = model.predict(TREES)
    assert twin.predict(TREES) == loss
    assert causal_lm_shim(twin).lm.base is causal_lm_shim(model).lm.base
    train(twin)
    assert twin.predict(TREES) != loss and model.predict(TREES) == loss
    # a duplicate of a duplicate that was never used
    assert duplicate(duplicate(model)).predict(TREES) == loss


@pytest.mark.parametrize("used", [False, True])
def test_a_duplicate_knows_what_its_adapter_is_for(build, used):
    first = causal_lm_shim(build())
    adapter = first.adapter("some format", {"PER": "person"})
    model = build_causal_lm_v1(base=first.settings.base)
    causal_lm_shim(model).use_adapter(adapter, "a test")
    if used:
        model.predict(TREES)
    for twin in (model.copy(), pickle.loads(pickle.dumps(model))):
        card = causal_lm_shim(twin).card()
        assert (card.format, card.labels) == ("some format", {"PER": "person"})


def test_a_base_alone_stays_one(tiny_base):
    model = build_causal_lm_v1(base=str(tiny_base))
    loss = model.predict(TREES)
    twin = pickle.loads(pickle.dumps(model))
    assert causal_lm_shim(twin).card() is None and twin.predict(TREES) == loss
    assert causal_lm_shim(twin).adapter("f", {}) is None
    with pytest.raises(ValueError, match="E706"):
        twin.begin_update(TREES)


def test_the_bytes_hold_the_adapter_and_not_the_base(build):
    model = build()
    n_adapter = sum(p.numel() for p in weights(model).values())
    size = len(model.to_bytes())
    assert 4 * n_adapter < size < 4 * n_adapter + 20_000
