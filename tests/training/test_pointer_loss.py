"""The loss of texts and labels, and its gradients, are those of each pair alone."""

from dataclasses import dataclass, replace

import numpy as np
import pytest
import torch
from thinc.api import SGD

from spacy_padellm.adapters.adapted import AdaptedLM
from spacy_padellm.adapters.card import AdapterCard, HeadCard
from spacy_padellm.adapters.files import write_adapter
from spacy_padellm.adapters.pointer_head import PointerHead
from spacy_padellm.training.loss import pointer_loss
from spacy_padellm.training.trainer import Trainer
from spacy_padellm.trees.packing import GoldSequence, pack_gold

from ..engines.plain_pointer import Asked, plain_log_odds
from ..loras import LORA
from ..tree_training import assert_close, disturbed


@dataclass(frozen=True)
class Gold:
    """spans: label, first and last token. unknown: tokens without annotation."""

    asked: Asked
    spans: list[tuple[int, int, int]]
    unknown: tuple[int, ...] = ()

    def tree(self):
        known = np.ones(len(self.asked.keys), dtype=bool)
        known[list(self.unknown)] = False
        spans = np.array(self.spans, dtype=np.int64).reshape(-1, 3)
        return self.asked.tree(gold={"spans": spans, "known": known})


def text(n_tokens, first=20):
    """A prompt of a text's tokens between two others."""
    return (1, *range(first, first + n_tokens), 9), range(1, 1 + n_tokens)


# Nested and adjacent mentions, one token under two labels, branches that share their
# beginnings, texts without mentions, labels that do not see the text, or whose last
# token alone sees it: two texts with the same of these, in another order, and others.
TEXTS = [
    Gold(
        Asked(*text(9), [(50, 2), (50, 51, 2), (50,)]),
        [(0, 0, 4), (0, 1, 2), (0, 5, 5), (1, 5, 5), (2, 8, 8)],
    ),
    Gold(Asked(*text(3, 70), [(60, 2)]), []),
    Gold(
        Asked(*text(30, 90), [(51, 2), (50, 2)]),
        [(0, 0, 29), (1, 3, 4)],
        unknown=(3, 10, 11, 29),
    ),
    Gold(Asked(*text(6, 130), [(60, 2), (50, 2)], stem=1), [(1, 2, 4), (0, 0, 0)]),
    Gold(Asked(*text(1, 5), [(60, 2), (50, 2)]), [(1, 0, 0)]),
    Gold(
        Asked(*text(7, 140), [(60, 61, 2), (50, 2), (4,)], before=(1, 9)),
        [(1, 2, 4), (0, 0, 0), (2, 6, 6)],
        unknown=(5,),
    ),
    Gold(
        Asked(*text(4, 150), [(50, 2), (4,), (60, 61, 2)], before=(1, 9)),
        [(0, 1, 3), (2, 0, 0)],
    ),
    Gold(Asked(*text(2, 160), [(60, 2), (4,)], before=(1, 9)), [(0, 0, 1)]),
    Gold(Asked(*text(5, 20), [(4,), (5,)], before=()), [(1, 2, 2)]),
]


@pytest.fixture(params=["fused", "modules"])
def lm(request, open_tiny):
    """An adapter and its head; not fresh ones. PEFT's own modules train DoRA."""
    dora = {"use_dora": True} if request.param == "modules" else {}
    return disturbed(AdaptedLM.fresh(open_tiny, {**LORA, **dora}, HeadCard(size=16)))


@pytest.fixture
def plain_model(lm, tiny_base, tmp_path):
    """The same adapter as PEFT itself reads it, on a base of its own."""
    from peft import PeftModel
    from transformers import LlamaForCausalLM

    write_adapter(tmp_path, lm.adapter(AdapterCard("tiny")))
    base = LlamaForCausalLM.from_pretrained(tiny_base, attn_implementation="eager")
    return PeftModel.from_pretrained(base, tmp_path, is_trainable=True).eval()


def plain_loss(model, lm, texts):
    """Each label of each text by itself; the sum."""
    head = {
        name: tensor.detach().clone().requires_grad_()
        for name, tensor in lm.head.state_dict().items()
    }
    total = 0.0
    for gold in texts:
        for label, branch in enumerate(gold.asked.branches):
            alone = replace(gold.asked, branches=[branch])
            [log_odds] = plain_log_odds(model, head, alone)
            spans = [span[1:] for span in gold.spans if span[0] == label]
            loss = sum(
                cross_entropy(log_odds[token], roles_of(token, spans))
                for token in range(len(gold.asked.keys))
                if token not in gold.unknown
            )
            loss.backward()
            total += loss.item()
    gradients = {
        name.replace(".default", ""): parameter.grad
        for name, parameter in model.named_parameters()
        if parameter.requires_grad
    }
    return total, gradients | {f"head.{name}": one.grad for name, one in head.items()}


def roles_of(token, spans):
    """Whether one of the spans starts, ends, and goes on at the token."""
    return [
        any(first == token for first, _ in spans),
        any(last == token for _, last in spans),
        any(first < token <= last for first, last in spans),
    ]


def cross_entropy(log_odds, roles):
    """Summed over three roles."""
    probabilities = log_odds.sigmoid()
    return -sum(
        (p if role else 1 - p).log()
        for p, role in zip(probabilities, roles, strict=True)
    )


def packed_loss(lm, trees, batch_tokens=100_000):
    trainer = Trainer(lm, batch_tokens=batch_tokens, key=0)
    total = sum(tree.weight for tree in trees) * trainer.accumulate(trees)
    gradients = {name: p.grad for name, p in lm.parameters().items()}
    trainer.clear()
    return total, gradients


@pytest.mark.parametrize("batch_tokens", [1, 300, 100_000])
def test_packed_equals_plain_however_it_is_batched(lm, plain_model, batch_tokens):
    trees = [gold.tree() for gold in TEXTS]
    found = packed_loss(lm, trees, batch_tokens)
    assert_close(found, plain_loss(plain_model, lm, TEXTS))


@pytest.mark.parametrize("number", range(len(TEXTS)))
def test_each_text_by_itself(lm, plain_model, number):
    found = packed_loss(lm, [TEXTS[number].tree()])
    assert found[0] == pytest.approx(
        plain_loss(plain_model, lm, [TEXTS[number]])[0], rel=1e-4
    )


def test_microbatches_count_the_names_of_each_text(lm):
    """Which need memory too, at most as much."""
    asked = Asked(*text(9), [(50, 51, 52, 2), (60, 61, 2)], before=(1, 9))
    trees = [Gold(asked, []).tree()] * 4
    each = len(trees[0]) + len(trees[0].linked)
    for most, sizes in ((2 * each, [2, 2]), (2 * each - 1, [1] * 4), (4 * each, [4])):
        trainer = Trainer(lm, batch_tokens=most, key=0)
        assert [len(batch) for batch in trainer._batches(trees)] == sizes


def test_mentions_that_touch_only_unknown_tokens_change_nothing(lm):
    """They are seen by the others, but their own roles are not learned."""
    gold = replace(TEXTS[0], spans=[(0, 0, 2)], unknown=(4, 5, 6))
    more = replace(gold, spans=[*gold.spans, (0, 4, 6), (1, 5, 5), (2, 4, 5)])
    loss, gradients = packed_loss(lm, [gold.tree()])
    again, others = packed_loss(lm, [more.tree()])
    assert loss == again
    assert all(torch.equal(gradients[name], others[name]) for name in gradients)
    assert packed_loss(lm, [replace(more, unknown=()).tree()])[0] != loss


def test_unknown_tokens_get_no_gradient():
    torch.manual_seed(0)
    head, hidden = PointerHead(8, 4), torch.randn(40, 8, requires_grad=True)
    trees = [replace(TEXTS[0], unknown=(2, 5)).tree(), TEXTS[1].tree()]
    firsts = np.array([0, len(trees[0])])
    pointer_loss(head, hidden, trees, firsts).backward()
    learned = hidden.grad.abs().sum(dim=1) > 0
    expected = np.zeros(40, dtype=bool)
    for tree, first in zip(trees, firsts, strict=True):
        expected[first + tree.keys[tree.known]] = True
        expected[first + tree.queries] = True
    assert learned.tolist() == expected.tolist()


def test_the_mean_is_over_texts(lm):
    """And not over tokens or labels, of which they have different numbers."""
    trees = [gold.tree() for gold in TEXTS]
    alone = [packed_loss(lm, [tree])[0] for tree in trees]
    trainer = Trainer(lm, batch_tokens=100, key=0)
    assert trainer.loss(trees) == pytest.approx(sum(alone) / len(alone), rel=1e-4)
    assert trainer.accumulate(trees) == pytest.approx(trainer.loss(trees), rel=1e-4)


def test_a_step_takes_the_mean_gradient_of_texts_over_all_batches(lm):
    trees = [gold.tree() for gold in TEXTS]
    _, gradients = packed_loss(lm, trees)
    before = {name: p.detach().clone() for name, p in lm.parameters().items()}
    trainer = Trainer(lm, batch_tokens=100, key=0)
    for part in (trees[:1], trees[1:]):
        trainer.accumulate(part)
    trainer.step(SGD(1.0, L2=0.0, grad_clip=0.0))
    for name, parameter in lm.parameters().items():
        expected = gradients[name] / len(trees)
        error = before[name] - parameter.detach() - expected
        assert error.norm() <= 1e-3 * expected.norm(), name


def test_a_loss_of_sequences_is_still_a_mean_over_targets(open_tiny):
    lm = AdaptedLM.fresh(open_tiny, LORA, HeadCard(size=16))
    trees = [
        pack_gold([GoldSequence((5, 6), ids, (0.5,) * len(ids))])
        for ids in ((7, 2), (8, 9, 10, 2))
    ]
    trainer = Trainer(lm, batch_tokens=100, key=0)
    short, long = (trainer.loss([tree]) for tree in trees)
    assert trainer.loss(trees) == pytest.approx((short + 2 * long) / 3, rel=1e-4)
    trainer.accumulate(trees)
    assert all(p.grad is None for p in lm.head.parameters()), "the head is not used"
    trainer.step(SGD(0.1))


def test_no_output_layer_is_built(lm):
    trainer = Trainer(lm, batch_tokens=100, key=0)
    trainer.accumulate([gold.tree() for gold in TEXTS])
    decoder = trainer._decoder
    assert decoder is lm or "output_linear" not in vars(decoder)
    trainer.accumulate([pack_gold([GoldSequence((5, 6), (7, 2), (1.0, 1.0))])])
    assert decoder is lm or "output_linear" in vars(decoder), "it would be noticed"
