"""One step of learning: gradients that add up, dropout that goes away, averages."""

import copy

import numpy as np
import pytest
import torch
from spacy.training import Example
from thinc.api import SGD, Adam

from ..loras import FULL
from .conftest import GOLD, examples, learn


@pytest.fixture
def fresh(make_nlp):
    """A pipeline with a new adapter; the same one each time."""

    def fresh():
        nlp = make_nlp()
        torch.manual_seed(3)
        nlp.initialize(lambda: examples(nlp))
        return nlp

    return fresh


def weights(nlp) -> np.ndarray:
    parameters = nlp.get_pipe("padellm_ner")._adapters.own.lm.parameters()
    return np.concatenate([p.detach().numpy().ravel() for p in parameters.values()])


def gradient(nlp, **options) -> np.ndarray:
    """What one update changes, at a learning rate of 1 without clipping."""
    before = weights(nlp)
    sgd = SGD(1.0, L2=0.0, grad_clip=0.0, use_averages=False)
    nlp.update(examples(nlp), sgd=sgd, **options)
    return before - weights(nlp)


def test_a_batch_in_parts_is_the_same_step_as_the_whole(fresh):
    """What accumulate_gradient does: parts with sgd=False, then finish_update."""
    whole = gradient(fresh())
    nlp = fresh()
    before = weights(nlp)
    gold = examples(nlp)
    for part in (gold[:1], gold[1:]):
        nlp.update(part, sgd=False)
    assert (weights(nlp) == before).all()
    nlp.get_pipe("padellm_ner").finish_update(SGD(1.0, L2=0.0, grad_clip=0.0))
    assert np.abs(whole).max() > 1e-3
    np.testing.assert_allclose(before - weights(nlp), whole, rtol=1e-3, atol=1e-6)


@pytest.mark.parametrize("train_batch_tokens", [1, 100_000])
def test_microbatches_change_no_result(fresh, make_nlp, train_batch_tokens):
    nlp = make_nlp(model={"train_batch_tokens": train_batch_tokens})
    torch.manual_seed(3)
    nlp.initialize(lambda: examples(nlp))
    np.testing.assert_allclose(gradient(nlp), gradient(fresh()), rtol=1e-3, atol=1e-6)


def test_a_step_without_gold_changes_nothing(fresh):
    nlp = fresh()
    before = weights(nlp)
    sgd = Adam(0.1)
    nlp.update([], sgd=sgd)
    nlp.update(examples(nlp, [("", [])]), sgd=sgd)
    assert (weights(nlp) == before).all()


def test_dropout_disturbs_learning_and_nothing_else(fresh, trained):
    assert not np.allclose(gradient(fresh()), gradient(fresh(), drop=0.5))
    nlp = copy.deepcopy(trained)
    docs = [nlp.make_doc(text) for text, _ in GOLD]
    before = nlp.get_pipe("padellm_ner").predict(docs)
    nlp.update(examples(nlp), sgd=False, drop=0.9)
    assert nlp.get_pipe("padellm_ner").predict(docs) == before


def test_dropout_goes_away_when_learning_fails(trained, monkeypatch):
    nlp = copy.deepcopy(trained)
    docs = [nlp.make_doc(text) for text, _ in GOLD]
    before = nlp.get_pipe("padellm_ner").predict(docs)

    def fail(*args):
        raise ZeroDivisionError

    with monkeypatch.context() as patched, pytest.raises(ZeroDivisionError):
        patched.setattr("spacy_padellm.training.trainer.tree_loss", fail)
        nlp.update(examples(nlp), drop=0.9)
    assert nlp.get_pipe("padellm_ner").predict(docs) == before


def test_averages_are_used_inside_use_params_and_then_put_back(fresh):
    nlp = fresh()
    sgd = Adam(0.01, use_averages=True)
    for _ in range(3):
        nlp.update(examples(nlp), sgd=sgd)
    raw = weights(nlp)
    averages = np.concatenate(
        [average.numpy().ravel() for average in sgd.averages.values()]
    )
    assert averages.shape == raw.shape and not np.allclose(averages, raw)
    with nlp.use_params(sgd.averages):
        assert sorted(weights(nlp)) == sorted(averages)
        inside = nlp.get_pipe("padellm_ner").to_bytes()
    assert (weights(nlp) == raw).all()
    assert nlp.get_pipe("padellm_ner").to_bytes() != inside
    with pytest.raises(RuntimeError), nlp.use_params(sgd.averages):
        raise RuntimeError("in the middle")
    assert (weights(nlp) == raw).all()


def test_the_base_never_changes(make_nlp):
    nlp = make_nlp()
    gold = examples(nlp)
    sgd = nlp.initialize(lambda: gold)
    model = nlp.get_pipe("padellm_ner")._adapters.own.lm.base.model
    base = {n: p.clone() for n, p in model.named_parameters() if "lora" not in n}
    sgd.learn_rate = 0.1
    for _ in range(3):
        nlp.update(gold, sgd=sgd)
    after = dict(model.named_parameters())
    assert base and all(torch.equal(after[name], base[name]) for name in base)


def test_initialize_with_an_adapter_goes_on_from_it(make_nlp, adapter_folder):
    nlp = make_nlp(model={"adapter": str(adapter_folder)})
    gold = examples(nlp)
    nlp.initialize(lambda: gold)
    losses = nlp.update(gold, sgd=False)
    assert losses["padellm_ner"] < 0.1


def test_initialize_without_gold_keeps_the_adapter(make_nlp):
    nlp = make_nlp()
    gold = examples(nlp)
    learned = learn(nlp, gold, updates=30)
    labels = nlp.get_pipe("padellm_ner").labels
    others = [Example(one.predicted, nlp.make_doc(one.text)) for one in gold]
    nlp.initialize(lambda: others)
    assert nlp.update(gold, sgd=False)["padellm_ner"] < 0.3 * learned[0]
    assert nlp.get_pipe("padellm_ner").labels == labels


def test_initialize_from_texts_without_entities_starts_anew(make_nlp):
    """They are annotated: they say that nothing is there."""
    nlp = make_nlp()
    gold = examples(nlp)
    learned = learn(nlp, gold, updates=30)
    empty = [Example.from_dict(one.predicted, {"entities": []}) for one in gold]
    nlp.initialize(lambda: empty)
    assert nlp.update(gold, sgd=False)["padellm_ner"] > 0.3 * learned[0]


def test_initialize_starts_anew_without_one(make_nlp):
    nlp = make_nlp()
    gold = examples(nlp)
    first = learn(nlp, gold, updates=30)
    again = learn(nlp, gold, updates=1)
    assert first[-1] < 0.3 * again[0]


@pytest.mark.parametrize(
    "settings",
    [
        {"lora": {"use_rslora": True}},
        {"lora": {"use_dora": True}},
        {"lora": FULL},
        {"lora": {"target_modules": ["q_proj", "v_proj"]}},
        {"lora": {"r": 3, "lora_alpha": 1}},
    ],
    ids=str,
)
def test_every_shape_of_adapter_learns_and_comes_back(make_nlp, settings):
    nlp = make_nlp(model=settings)
    losses = learn(nlp, examples(nlp), updates=8)
    assert losses[-1] < losses[0]
    twin = make_nlp(model=settings)
    twin.from_bytes(nlp.to_bytes())
    gold = examples(nlp)
    expected = nlp.update(gold, sgd=False)
    assert twin.update(gold, sgd=False) == pytest.approx(expected)
