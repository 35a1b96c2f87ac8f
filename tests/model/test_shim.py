"""The thinc model: loads when needed, learns as thinc says."""

import json
import pickle
import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from thinc.api import SGD, Adam

from spacy_padellm.adapters.files import read_adapter, write_adapter
from spacy_padellm.model.architectures import build_causal_lm_v1
from spacy_padellm.model.shim import causal_lm_shim

from ..loras import LORA
from ..tree_training import TREES, same, train, weights


def test_nothing_is_loaded_before_it_is_needed():
    model = build_causal_lm_v1(base="/no/such/base", adapter="/no/such/adapter")
    twin = pickle.loads(pickle.dumps(model.copy()))
    twin.from_bytes(model.to_bytes())
    with twin.use_params({}):
        pass
    with pytest.raises(ValueError, match="E320.*/no/such/adapter"):
        twin.predict(TREES)


def test_models_on_one_base_share_it_and_learn_apart(build):
    one, other = build(1), build(2)
    assert causal_lm_shim(one).lm.base is causal_lm_shim(other).lm.base
    before, loss = weights(other), other.predict(TREES)
    train(one)
    assert same(weights(other), before) and other.predict(TREES) == loss


def test_the_loss_is_the_mean_over_targets(build):
    model = build()
    losses, sizes = (
        [model.predict([t]) for t in TREES],
        [t.weights.sum() for t in TREES],
    )
    mean = sum(loss * n for loss, n in zip(losses, sizes, strict=True)) / sum(sizes)
    assert model.predict(TREES) == pytest.approx(mean, rel=1e-5)
    assert model.begin_update(TREES)[0] == pytest.approx(mean, rel=1e-5)


def test_it_learns_and_is_as_sure_each_time(build):
    model = build()
    shim = causal_lm_shim(model)
    before = model.predict(TREES)
    shim.set_dropout(0.1)
    train(model, steps=20)
    shim.set_dropout(0.0)
    after = model.predict(TREES)
    assert after < 0.7 * before
    assert model.predict(TREES) == after


def test_a_step_is_the_learn_rate_times_the_gradient_of_the_mean(build):
    model = build()
    n_targets = sum(float(t.weights.sum()) for t in TREES)
    for _ in range(2):
        twin = model.copy()
        twin.begin_update(TREES)
        before = weights(model)
        expected = {
            name: before[name] - 0.5 * p.grad / n_targets
            for name, p in causal_lm_shim(twin).lm.parameters().items()
        }
        train(model, optimizer=SGD(0.5, L2=0.0, grad_clip=0.0, use_averages=False))
        assert same(weights(model), expected, atol=1e-6)
        assert not same(weights(model), before, atol=1e-4)


@pytest.mark.parametrize("batch_tokens", [1, 4096])
def test_gradients_add_up_until_the_step(build, batch_tokens):
    whole, parts = build(), build(train_batch_tokens=batch_tokens)
    train(whole)
    for part in (TREES[:1], TREES[1:]):
        parts.begin_update(part)
    assert same(weights(parts), weights(build()))
    optimizer = Adam(0.01)
    parts.finish_update(optimizer)
    assert same(weights(parts), weights(whole), atol=1e-5)
    # and the next step starts from nothing
    after = weights(parts)
    parts.finish_update(optimizer)
    assert same(weights(parts), after)


def test_the_optimizers_averages_are_used_and_given_back(build):
    model = build()
    optimizer = train(model, steps=5)
    shim, trained = causal_lm_shim(model), weights(model)
    loss = model.predict(TREES)
    averages = {
        name: torch.as_tensor(optimizer.averages[shim.id, name]) for name in trained
    }
    with model.use_params(optimizer.averages):
        assert same(weights(model), averages)
        assert model.predict(TREES) != loss
    assert same(weights(model), trained) and not same(averages, trained)
    with pytest.raises(RuntimeError, match="meanwhile"):
        with model.use_params(optimizer.averages):
            raise RuntimeError("meanwhile")
    assert same(weights(model), trained)
    assert model.predict(TREES) == loss


def test_averages_of_another_model_are_not_used(build):
    one, other = build(1), build(2)
    optimizer = train(one, steps=2)
    before = weights(other)
    with other.use_params(optimizer.averages):
        assert same(weights(other), before)


def test_the_same_seed_starts_the_same_training(tiny_base):
    def trained(seed):
        model = build_causal_lm_v1(base=str(tiny_base), lora=LORA)
        torch.manual_seed(seed)
        causal_lm_shim(model).initialize()
        causal_lm_shim(model).set_dropout(0.2)
        train(model, steps=3)
        return weights(model)

    assert same(trained(3), trained(3)) and not same(trained(3), trained(4))


def test_a_new_start_is_from_the_configured_adapter_if_there_is_one(build, tmp_path):
    model = build()
    adapter = causal_lm_shim(model).adapter("f", {"A": "a"})
    write_adapter(tmp_path, adapter)
    other = build_causal_lm_v1(base=adapter.card.base, adapter=str(tmp_path))
    train(other, steps=2)
    causal_lm_shim(other).initialize()
    assert same(weights(other), weights(model))
    assert causal_lm_shim(other).card() == adapter.card
    causal_lm_shim(model).initialize()
    assert causal_lm_shim(model).card() is None
    assert not same(weights(model), weights(other))


def test_a_bfloat16_base_trains_on_the_cpu(build):
    model = build(dtype="bfloat16")
    assert causal_lm_shim(model).lm.base.model.dtype == torch.bfloat16
    before = model.predict(TREES)
    optimizer = train(model, steps=20)
    assert {values.dtype for values in weights(model).values()} == {torch.float32}
    assert model.predict(TREES) < 0.8 * before
    with model.use_params(optimizer.averages):
        assert model.predict(TREES) < before


def test_another_base_than_the_adapters_is_refused(build, tiny_base, tmp_path):
    other = tmp_path / "other"
    shutil.copytree(tiny_base, other)
    tensors = load_file(other / "model.safetensors")
    tensors["model.norm.weight"] += 1
    save_file(tensors, other / "model.safetensors", metadata={"format": "pt"})
    write_adapter(tmp_path / "adapter", causal_lm_shim(build()).adapter("f", {}))
    settings = {"base": str(other), "adapter": str(tmp_path / "adapter")}
    with pytest.raises(ValueError, match="E326") as error:
        build_causal_lm_v1(**settings).predict(TREES)
    for told in (tmp_path / "adapter", tiny_base, other):
        assert str(told) in str(error.value)
    # a PEFT folder from elsewhere does not say what it was trained on
    (tmp_path / "adapter" / "padellm.json").unlink()
    build_causal_lm_v1(**settings).predict(TREES)


@pytest.mark.parametrize(
    ("file", "old", "new", "what"),
    [
        ("config.json", '"rms_norm_eps": 1e-06', '"rms_norm_eps": 0.1', "config"),
        ("tokenizer_config.json", "<|im_end|>", "<|endoftext|>", "tokenizer"),
    ],
)
def test_a_base_with_another_config_or_tokenizer_is_refused(
    build, tiny_base, tmp_path, file, old, new, what
):
    write_adapter(tmp_path / "adapter", causal_lm_shim(build()).adapter("f", {}))
    other = Path(shutil.copytree(tiny_base, tmp_path / "other"))
    settings = {"base": str(other), "adapter": str(tmp_path / "adapter")}
    build_causal_lm_v1(**settings).predict(TREES)
    text = (other / file).read_text()
    assert old in text
    (other / file).write_text(text.replace(old, new))
    with pytest.raises(ValueError, match=f"E338.*{tiny_base}.*its {what}"):
        build_causal_lm_v1(**settings).predict(TREES)
    card = tmp_path / "adapter" / "padellm.json"
    card.write_text(json.dumps(json.loads(card.read_text()) | {"base_files": {}}))
    build_causal_lm_v1(**settings).predict(TREES)


@pytest.fixture
def lower(tiny_base):
    """A model that has learned a little on the first layer of two."""
    model = build_causal_lm_v1(base=str(tiny_base), adapter=None, lora=LORA, layers=1)
    causal_lm_shim(model).initialize()
    train(model, steps=5)
    return model


def test_an_adapter_knows_how_many_layers_it_is_for(lower, tiny_base, tmp_path):
    assert not any(".layers.1." in name for name in weights(lower))
    write_adapter(tmp_path, causal_lm_shim(lower).adapter("f", {}))
    assert read_adapter(tmp_path).card.layers == 1
    loaded = build_causal_lm_v1(base=str(tiny_base), adapter=str(tmp_path))
    assert loaded.predict(TREES) == pytest.approx(lower.predict(TREES), rel=1e-5)
    assert causal_lm_shim(loaded).lm.base is causal_lm_shim(lower).lm.base
    twin = pickle.loads(pickle.dumps(loaded))
    assert twin.predict(TREES) == loaded.predict(TREES)
    assert causal_lm_shim(twin).adapter("f", {}).card.layers == 1


def test_a_base_with_fewer_layers_is_one_of_its_own(lower, build):
    lm = causal_lm_shim(build()).lm
    assert len(lm.base.body.layers) == 2 and lm.base.layers is None
    assert len(causal_lm_shim(lower).lm.base.body.layers) == 1


def test_an_adapter_for_another_number_of_layers_is_refused(build, tiny_base, tmp_path):
    write_adapter(tmp_path, causal_lm_shim(build()).adapter("f", {}))
    settings = {"base": str(tiny_base), "adapter": str(tmp_path), "layers": 1}
    with pytest.raises(ValueError, match=f"E346.*{tmp_path}.*all layers.*is 1"):
        build_causal_lm_v1(**settings).predict(TREES)
    # a folder from elsewhere does not say it, and has weights for the second layer
    (tmp_path / "padellm.json").unlink()
    with pytest.raises(ValueError, match="E325.*layers.1"):
        build_causal_lm_v1(**settings).predict(TREES)


def test_layers_in_the_card_count_without_a_fingerprint(lower, tiny_base, tmp_path):
    write_adapter(tmp_path, causal_lm_shim(lower).adapter("f", {}))
    file = tmp_path / "padellm.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"fingerprint": ""}))
    loaded = build_causal_lm_v1(base=str(tiny_base), adapter=str(tmp_path))
    assert loaded.predict(TREES) == pytest.approx(lower.predict(TREES), rel=1e-5)
    settings = {"base": str(tiny_base), "adapter": str(tmp_path), "layers": 2}
    with pytest.raises(ValueError, match=f"E346.*{tmp_path}.*1 layers.*is 2"):
        build_causal_lm_v1(**settings).predict(TREES)


def test_layers_are_a_positive_number(tiny_base):
    with pytest.raises(ValueError, match="E502.*layers.*0"):
        build_causal_lm_v1(base=str(tiny_base), layers=0)
