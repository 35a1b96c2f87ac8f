"""The loss of packed trees, and its gradients, are those of the flat data set."""

import math
from dataclasses import replace

import pytest
import torch
from torch.nn.functional import cross_entropy

from spacy_padellm.adapters.adapted import AdaptedLM
from spacy_padellm.adapters.card import AdapterCard
from spacy_padellm.adapters.files import Adapter, write_adapter
from spacy_padellm.execution.trainable import trainable
from spacy_padellm.formats.base import Query
from spacy_padellm.formats.padellm import build_padellm_v1
from spacy_padellm.formats.templates import TEMPLATES
from spacy_padellm.training import loss as loss_module
from spacy_padellm.training.loss import tree_loss
from spacy_padellm.trees.packing import GoldSequence, pack_gold

from ..engines.plain import prefix_logits
from ..loras import LORA
from ..tree_training import accumulate_gradients, assert_close, disturbed

LABELS = {"PART": "part", "FAULT": "fault", "TOOL": "tool"}


@pytest.fixture
def lm(open_tiny):
    """An adapter on the tiny base; not a fresh one, which would change nothing."""
    return disturbed(AdaptedLM.fresh(open_tiny, LORA))


@pytest.fixture
def flat_model(lm, tiny_base, tmp_path):
    """The same adapter as PEFT itself reads it, on a base of its own."""
    from peft import PeftModel
    from transformers import LlamaForCausalLM

    write_adapter(tmp_path, Adapter(lm.config(), lm.weights(), AdapterCard("tiny")))
    base = LlamaForCausalLM.from_pretrained(tiny_base, attn_implementation="eager")
    return PeftModel.from_pretrained(base, tmp_path, is_trainable=True).eval()


def flat_loss(model, sequences):
    """Each sequence by itself: weight x negative log-likelihood, summed. It is among
    the tokens that are allowed at a place, or else the whole vocabulary."""
    total = 0.0
    for gold in sequences:
        read = torch.tensor([gold.prompt + gold.answer[:-1]])
        if gold.prefix:
            logits = prefix_logits(model, read[0].tolist(), gold.prefix)
        else:
            logits = model(input_ids=read).logits[0]
        logits = logits[len(gold.prompt) - 1 :]
        everything = tuple(range(logits.shape[-1]))
        loss = 0.0
        for row, target, weight, allowed in zip(
            logits,
            gold.answer,
            gold.weights,
            gold.allowed or [None] * len(gold.answer),
            strict=True,
        ):
            ids = allowed or everything
            choice = torch.tensor(ids.index(target))
            loss += weight * cross_entropy(row[list(ids)], choice)
        loss.backward()
        total += loss.item()
    gradients = {
        name.replace(".default", ""): parameter.grad
        for name, parameter in model.named_parameters()
        if parameter.requires_grad
    }
    return total, gradients


def packed_loss(lm, texts, max_tokens):
    trees = [pack_gold(sequences) for sequences in texts]
    total = accumulate_gradients(lm, trees, max_tokens)
    gradients = {name: p.grad for name, p in lm.parameters().items()}
    for parameter in lm.parameters().values():
        parameter.grad = None
    return total, gradients


@pytest.fixture(params=TEMPLATES)
def texts(request, workshop, tiny_tokenizer):
    """The gold sequences of ten texts, with weights that differ."""
    format = build_padellm_v1(template=request.param, among_allowed=True)
    gold = [
        format.gold(Query(row.text, LABELS), row.spans, tiny_tokenizer)
        for row in workshop[:10]
    ]
    # two of twelve mentions, whose further index digits compact does not learn; the
    # first mention's token is behind those digits in the vocabulary, or before them
    spans = {"PART": [(2 * i, 2 * i + 1) for i in range(12)]}
    for letters in ("abcdefghijkl", "$bcdefghijkl"):
        query = Query(" ".join(letters), LABELS)
        gold.append(format.gold(query, spans, tiny_tokenizer))
    return gold


@pytest.mark.parametrize("max_tokens", [1, 300, 100_000])
def test_packed_equals_flat_however_it_is_batched(lm, flat_model, texts, max_tokens):
    flat = flat_loss(flat_model, [gold for row in texts for gold in row])
    assert_close(packed_loss(lm, texts, max_tokens), flat)


@pytest.mark.parametrize("max_tokens", [1, 300])
def test_a_prefix_sees_all_of_itself(
    lm, flat_model, workshop, tiny_tokenizer, max_tokens
):
    format = build_padellm_v1(prefix_lm=True, among_allowed=True)
    texts = [
        format.gold(Query(row.text, LABELS), row.spans, tiny_tokenizer)
        for row in workshop[:6]
    ]
    flat = flat_loss(flat_model, [gold for row in texts for gold in row])
    assert_close(packed_loss(lm, texts, max_tokens), flat)
    causal = [[replace(gold, prefix=0) for gold in row] for row in texts]
    assert packed_loss(lm, causal, 300)[0] != pytest.approx(flat[0], rel=1e-4)


def test_packed_equals_flat_where_sequences_share_all_they_can(lm, flat_model):
    """Forks within answers, several targets behind a node, weights of 0 and 2."""
    texts = [
        [
            GoldSequence((5, 6), (7, 8, 2), (1.0, 1.0, 1.0)),
            GoldSequence((5, 6), (7, 9, 2), (1.0, 2.0, 1.0)),
            GoldSequence((5, 6, 7), (9, 2), (0.5, 0.0)),
            GoldSequence((5, 6, 7), (9, 2), (0.5, 1.0)),
            GoldSequence((5,), (6, 2), (0.0, 1.0)),
            GoldSequence((11, 6), (7, 8, 2), (1.0, 1.0, 0.25)),
        ],
        [GoldSequence((5,), (2,), (1.0,))],
    ]
    flat = flat_loss(flat_model, [gold for row in texts for gold in row])
    assert_close(packed_loss(lm, texts, 100), flat)


@pytest.mark.parametrize("max_tokens", [1, 100])
def test_packed_equals_flat_among_the_tokens_allowed(lm, flat_model, max_tokens):
    """Sets that places and texts share, and one place with two sets."""
    few, more, end = (7, 8, 9), (9, 8, 7, 30, 2), (2, 60)
    texts = [
        [
            GoldSequence((5, 6), (7, 8, 2), (1.0,) * 3, allowed=(few, more, end)),
            GoldSequence((5, 6), (7, 9, 2), (1.0, 2.0, 1.0), allowed=(few, more, end)),
            GoldSequence((5, 6), (8, 2), (1.0, 0.5), allowed=(more, None)),
        ],
        [GoldSequence((5, 7), (40, 2), (1.0, 1.0))],
        [
            GoldSequence((5, 7), (8, 2), (1.0, 1.0), allowed=(few, (2,))),
            GoldSequence((11, 6), (60, 2), (1.0, 0.25), allowed=(end, None)),
        ],
    ]
    flat = flat_loss(flat_model, [gold for row in texts for gold in row])
    assert_close(packed_loss(lm, texts, max_tokens), flat)
    whole = [[replace(gold, allowed=()) for gold in row] for row in texts]
    assert packed_loss(lm, whole, max_tokens)[0] > 2 * flat[0]


class Table(torch.nn.Module):
    """A decoder whose hidden state is the token's own row of a table."""

    device = torch.device("cpu")

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.states = torch.nn.Parameter(torch.randn(20, 4))
        self.output = torch.nn.Parameter(torch.randn(20, 4))

    def hidden(self, ids, positions, mask, *, real):
        return self.states[ids]

    def logits(self, hidden):
        return hidden @ self.output.T


def test_the_loss_is_the_softmax_of_the_tokens_allowed():
    """Computed by hand; no other token learns anything."""
    table = Table()
    texts = [
        [
            GoldSequence((5,), (6, 2), (1.0, 0.5), allowed=((6, 7, 8), (2, 9))),
            GoldSequence((5,), (7, 2), (2.0, 1.0), allowed=((6, 7, 8), (2,))),
        ],
        [GoldSequence((10,), (12, 2), (1.0, 4.0), allowed=((12, 9, 8), (2, 6)))],
    ]
    loss = tree_loss(table, [pack_gold(row) for row in texts], table)
    logits = (table.states @ table.output.T).detach().double().exp()

    def nll(given, token, *others):
        among = logits[given, [token, *others]].sum()
        return -math.log(logits[given, token] / among)

    assert loss.item() == pytest.approx(
        nll(5, 6, 7, 8)
        + 0.5 * nll(6, 2, 9)
        + 2.0 * nll(5, 7, 6, 8)
        + 1.0 * nll(7, 2)
        + nll(10, 12, 9, 8)
        + 4.0 * nll(12, 2, 6),
        rel=1e-5,
    )
    loss.backward()
    learns = table.output.grad.abs().sum(dim=-1) > 0
    assert learns.nonzero().flatten().tolist() == [2, 6, 7, 8, 9, 12]
    assert table.states.grad[7].abs().max() == 0, "the only token that is allowed"


def test_with_a_causal_mask_it_would_be_another_loss(
    lm, flat_model, texts, monkeypatch
):
    def causal(starts, ends):
        rows, tokens = ends.shape
        return torch.ones(rows, tokens, tokens, dtype=torch.bool).tril()

    monkeypatch.setattr(loss_module, "ancestors", causal)
    flat = flat_loss(flat_model, [gold for row in texts for gold in row])
    found = packed_loss(lm, texts, 300)
    assert found[0] != pytest.approx(flat[0], rel=1e-4)
    assert any(
        (found[1][name] - gradient).norm() > 0.1 * gradient.norm()
        for name, gradient in flat[1].items()
    )


def test_dropout_acts_while_its_rate_is_above_zero(lm, texts):
    trees = [pack_gold(sequences) for sequences in texts[:2]]

    @torch.no_grad()
    def loss():
        return float(tree_loss(trainable(lm), trees, lm))

    quiet = loss()
    assert loss() == quiet
    lm.set_dropout(0.5)
    first, second = loss(), loss()
    assert len({quiet, first, second}) == 3
    lm.set_dropout(0.0)
    assert loss() == quiet


def test_dropout_acts_on_a_dora_adapter_too(open_tiny, texts):
    lm = disturbed(AdaptedLM.fresh(open_tiny, {**LORA, "use_dora": True}))
    trees = [pack_gold(sequences) for sequences in texts[:1]]
    lm.set_dropout(0.5)
    losses = {tree_loss(lm, trees, lm).item() for _ in range(3)}
    assert len(losses) == 3
