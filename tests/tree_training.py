"""Small models, and what they learn."""

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
