"""Small models, and what they learn."""

import pytest
import torch
from thinc.api import Adam

from spacy_padellm.model.shim import causal_lm_shim
from spacy_padellm.training.trainer import Trainer
from spacy_padellm.trees.packing import GoldSequence, pack_gold


def tree(*answers):
    """What to learn: `answers` behind 5, 6."""
    return pack_gold(
        [GoldSequence((5, 6), ids, (1.0, *(0.5 for _ in ids[1:]))) for ids in answers]
    )


TREES = [tree((7, 8, 2), (9, 2)), tree((40, 2)), tree((50, 51, 52, 2), (50, 2))]


def weights(model):
    parameters = causal_lm_shim(model).lm.parameters()
    return {name: p.detach().clone() for name, p in parameters.items()}


def same(one, other, **tolerance):
    assert one.keys() == other.keys()
    return all(torch.allclose(one[name], other[name], **tolerance) for name in one)


def train(model, trees=TREES, steps=1, optimizer=None):
    optimizer = optimizer or Adam(0.01)
    for _ in range(steps):
        model.begin_update(trees)
        model.finish_update(optimizer)
    return optimizer


def accumulate_gradients(lm, trees, max_tokens):
    """Add the gradients of the trees' summed loss to the adapter's; that loss."""
    weight = sum(float(tree.weights.sum()) for tree in trees)
    return weight * Trainer(lm, batch_tokens=max_tokens, key=0).accumulate(trees)


def disturbed(lm, std=0.1, seed=1):
    """The model with an adapter and a head as if trained: fresh ones change nothing."""
    torch.manual_seed(seed)
    with torch.no_grad():
        for parameter in lm.parameters().values():
            parameter.normal_(std=std)
    return lm


def assert_close(found, expected):
    """1e-4 relative: the loss, and each parameter's gradient as a whole."""
    assert found[0] == pytest.approx(expected[0], rel=1e-4)
    assert found[1].keys() == expected[1].keys()
    for name, gradient in expected[1].items():
        assert gradient.norm() > 0
        assert (found[1][name] - gradient).norm() <= 1e-4 * gradient.norm(), name
