"""Full fine-tuning: copies of the base's layers in an adapter's place."""

import gc
import weakref

import pytest
import torch
from peft import PeftModel

from spacy_padellm.adapters.adapted import AdaptedLM
from spacy_padellm.adapters.card import AdapterCard
from spacy_padellm.adapters.files import Adapter, write_adapter
from spacy_padellm.adapters.shared_base import SharedBase
from spacy_padellm.bases.weights import load_base
from spacy_padellm.execution.trainable import trainable
from spacy_padellm.model.shim import causal_lm_shim

from ..adapters.test_adapted import IDS, new_base, outputs, same
from ..loras import FULL, LORA
from ..tree_training import TREES, train


@pytest.fixture
def full(tiny_base):
    """As if trained: all of its layers are others than the base's."""
    lm = AdaptedLM.fresh(new_base(tiny_base), FULL)
    torch.manual_seed(0)
    with torch.no_grad():
        for parameter in lm.parameters().values():
            parameter.add_(torch.randn_like(parameter) / 20)
    return lm


def plain(lm):
    return AdaptedLM.plain(lm.base)


def test_it_begins_as_the_base(tiny_base):
    lm = AdaptedLM.fresh(new_base(tiny_base), FULL)
    assert same(outputs(lm), outputs(plain(lm)))


def test_all_linear_layers_learn_and_nothing_else(full):
    n = IDS.shape[1]
    mask = torch.ones(1, n, n, dtype=torch.bool).tril()
    full.hidden(IDS, torch.arange(n)[None], mask).square().sum().backward()
    layers = 2 * 7
    learned = [name for name, p in full.parameters().items() if p.grad is not None]
    assert len(learned) == len(full.parameters()) == layers
    all_of_base = full.base.model.named_parameters()
    assert sum(parameter.grad is not None for _, parameter in all_of_base) == layers


def test_it_is_no_longer_the_base_which_stays_what_it_was(full, tiny_model):
    with torch.no_grad():
        of_base = tiny_model(input_ids=IDS).logits[0]
    assert not same(outputs(full), of_base)
    assert same(outputs(plain(full)), of_base)


def test_files_give_the_same_again(full, tiny_base, tmp_path):
    """To PEFT too."""
    expected = outputs(full)
    again = AdaptedLM.loaded(
        new_base(tiny_base), full.adapter(AdapterCard("tiny")), source="bytes"
    )
    assert torch.equal(outputs(again), expected)
    adapter = Adapter(full.config(), full.weights(), AdapterCard(base="tiny"))
    assert adapter.needs_own_base
    write_adapter(tmp_path, adapter)
    model, _ = load_base(tiny_base, device="cpu", dtype=torch.float32)
    model = PeftModel.from_pretrained(model, tmp_path)
    with torch.no_grad():
        assert same(model(input_ids=IDS).logits[0], expected)


def test_a_merged_model_is_the_same_by_itself(full):
    expected = outputs(full)
    merged = full.merged()
    assert merged.name is None
    assert same(outputs(merged), expected) and same(outputs(full), expected)


def test_in_bfloat16_it_can_be_read_with_and_not_begun(full, tiny_base):
    def coarse_base():
        return SharedBase(*load_base(tiny_base, device="cpu", dtype=torch.bfloat16))

    with pytest.raises(ValueError, match="E712.*bfloat16.*float32"):
        AdaptedLM.fresh(coarse_base(), FULL)
    read = AdaptedLM.loaded(
        coarse_base(), full.adapter(AdapterCard("tiny")), source="bytes"
    )
    with pytest.raises(ValueError, match="E712"):
        trainable(read)
    error = (outputs(read) - outputs(full)).norm() / outputs(full).norm()
    assert error < 0.05


def test_components_with_lora_and_without_are_no_matter_to_each_other(build):
    """LoRA on layers that another component has replaced would be of no use."""
    first, full, last = build(), build(lora=FULL), build(lora={**LORA, "r": 8})
    before = first.predict(TREES)
    train(full, steps=5)
    train(last, steps=1)
    assert first.predict(TREES) == before
    after = full.predict(TREES)
    assert after < before
    bases = [causal_lm_shim(model).lm.base for model in (first, full, last)]
    assert bases[0] is bases[2] is not bases[1]
    copy = full.copy()
    assert copy.predict(TREES) == after
    assert causal_lm_shim(copy).lm.base not in bases


def test_its_base_goes_with_it(build):
    full = build(lora=FULL)
    base = weakref.ref(causal_lm_shim(full).lm.base)
    full.predict(TREES)
    del full
    gc.collect()
    assert base() is None
