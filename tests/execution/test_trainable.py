"""The fused learner computes the loss and the gradients that PEFT's modules compute."""

import numpy as np
import pytest
import torch
from torch.nn.functional import cross_entropy

from spacy_padellm.adapters.adapted import AdaptedLM
from spacy_padellm.execution.trainable import TrainableDecoder, trainable
from spacy_padellm.trees.packing import GoldSequence, pack_gold

from ..loras import FULL
from ..tree_training import accumulate_gradients
from .test_fused import KINDS, SHAPE, adapted, new_base


def random_trees(n_trees=5, seed=3, prefix=0):
    """Trees of two to four sequences that share a beginning, of different lengths."""
    rng = np.random.default_rng(seed)

    def some(low, high):
        return tuple(rng.integers(SHAPE["vocab_size"], size=rng.integers(low, high)))

    trees = []
    for _ in range(n_trees):
        text = some(4, 9)
        sequences = []
        for _ in range(rng.integers(2, 5)):
            prompt, answer = text + some(2, 4), some(1, 4)
            weights = (1.0,) * len(answer)
            sequences.append(
                GoldSequence(prompt, answer, weights, prefix and len(text))
            )
        trees.append(pack_gold(sequences))
    return trees


def gradients(lm, trees, learner, max_tokens=64):
    """The summed loss, and each parameter's gradient."""
    for parameter in lm.parameters().values():
        parameter.grad = None
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("spacy_padellm.training.trainer.trainable", lambda lm: learner)
        loss = accumulate_gradients(lm, trees, max_tokens)
    return loss, {name: p.grad.clone() for name, p in lm.parameters().items()}


def assert_same(one, other):
    assert one[0] == pytest.approx(other[0], rel=1e-4)
    assert one[1].keys() == other[1].keys()
    for name, gradient in one[1].items():
        assert 0 < gradient.norm()
        assert (gradient - other[1][name]).norm() < 1e-3 * gradient.norm()


@pytest.mark.parametrize("prefix", [0, 1])
@pytest.mark.parametrize(
    "settings",
    [{}, {"target_modules": ["q_proj", "v_proj", "down_proj"]}, {"use_rslora": True}],
)
@pytest.mark.parametrize("kind", KINDS)
def test_loss_and_gradients_are_the_same(kind, settings, prefix):
    lm = adapted(new_base(kind), **settings)
    learner = trainable(lm)
    assert type(learner) is TrainableDecoder
    trees = random_trees(prefix=prefix)
    modules, fused = gradients(lm, trees, lm), gradients(lm, trees, learner)
    assert_same(fused, modules)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if "head" not in kind])
def test_gradients_are_those_of_one_sequence_at_a_time(kind):
    """By transformers and PEFT alone, without trees and masks of ours. The sequences
    are longer than the sliding window of the kinds that have one."""
    lm = adapted(new_base(kind))
    rng = np.random.default_rng(4)
    text = tuple(rng.integers(1, SHAPE["vocab_size"], size=12))
    asked = [(text + (5, label), (label, 7, 9)) for label in (20, 30, 40)]
    tree = pack_gold([GoldSequence(*pair, (1.0,) * 3) for pair in asked])
    learner = trainable(lm)
    assert type(learner) is TrainableDecoder
    found = gradients(lm, [tree], learner)
    for parameter in lm.parameters().values():
        parameter.grad = None
    loss = 0.0
    for prompt, answer in asked:
        ids = torch.tensor([prompt + answer])
        logits = lm.base.model(ids, use_cache=False).logits[0, len(prompt) - 1 : -1]
        loss += cross_entropy(logits, torch.tensor(answer), reduction="sum")
    loss.backward()
    expected = {name: p.grad for name, p in lm.parameters().items()}
    assert_same(found, (float(loss.detach()), expected))


@pytest.mark.parametrize("kind", ["llama", "gemma3"])
def test_bfloat16_is_about_the_same(kind):
    exact = adapted(new_base(kind))
    trees = random_trees()
    expected = gradients(exact, trees, trainable(exact))
    base = new_base(kind)
    base.model.to(torch.bfloat16)
    lm = adapted(base)
    assert all(p.dtype == torch.float32 for p in lm.parameters().values())
    modules, fused = gradients(lm, trees, lm), gradients(lm, trees, trainable(lm))
    for name, gradient in expected[1].items():
        off = (fused[1][name] - gradient).norm() / gradient.norm()
        modules_off = (modules[1][name] - gradient).norm() / gradient.norm()
        assert off < max(0.1, 1.5 * modules_off)


@pytest.mark.parametrize("what", ["dora", "full", "output", "plain", "large"])
def test_what_it_does_not_know_learns_by_its_own_modules(what, monkeypatch):
    base = new_base()
    if what == "large":
        monkeypatch.setattr("spacy_padellm.execution.fused.COPIED_BYTES", 1000)
    if what == "plain":
        lm = AdaptedLM.plain(base)
    elif what == "output":
        lm = adapted(base, target_modules=["q_proj", "lm_head"])
    elif what == "full":
        lm = adapted(base, **FULL)
    else:
        lm = adapted(base, use_dora=what == "dora")
    assert trainable(lm) is lm


def test_dropout_is_the_adapters_and_ends():
    lm = adapted(new_base())
    trees = random_trees()
    before = gradients(lm, trees, trainable(lm))
    lm.set_dropout(0.5)
    torch.manual_seed(0)
    dropped = gradients(lm, trees, trainable(lm))
    assert dropped[0] != before[0]
    lm.set_dropout(0.0)
    assert_same(gradients(lm, trees, trainable(lm)), before)


def test_two_adapters_share_what_is_packed():
    base = new_base()
    one, other = trainable(adapted(base, seed=1)), trainable(adapted(base, seed=2))
    assert one.layer_linears[0].forward is other.layer_linears[0].forward
    assert one.loras[0] is not other.loras[0]


def test_what_is_packed_goes_with_those_who_learn():
    """It is two copies of the base."""
    base = new_base()
    one, other = trainable(adapted(base, seed=1)), trainable(adapted(base, seed=2))
    packed = one.base._prepacked
    assert len(packed) == 2 * len(one.layer_linears)
    del one
    assert len(packed) == 2 * len(other.layer_linears)
    del other
    assert len(packed) == 0


def test_adapters_on_one_base_learn_in_turn():
    base = new_base()
    one, other = adapted(base, seed=1), adapted(base, seed=2)
    trees = random_trees()
    first = gradients(one, trees, trainable(one))
    assert all(p.grad is None for p in other.parameters().values())
    accumulate_gradients(other, trees, 64)
    for parameter in one.parameters().values():
        parameter.grad = None
    accumulate_gradients(one, trees, 64)
    for name, parameter in one.parameters().items():
        torch.testing.assert_close(parameter.grad, first[1][name])
