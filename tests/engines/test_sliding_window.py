"""Sessions on a base whose layers differ: Gemma 3, with texts beyond its window."""

import pytest
import torch
from transformers import Gemma3ForCausalLM, Gemma3TextConfig

from spacy_padellm.adapters.adapted import AdaptedLM
from spacy_padellm.adapters.card import HeadCard
from spacy_padellm.adapters.shared_base import SharedBase
from spacy_padellm.engines.packed import PackedEngine
from spacy_padellm.execution.decoding import Decoding
from spacy_padellm.execution.trainable import TrainableDecoder, trainable
from spacy_padellm.formats.templates import TEMPLATES
from spacy_padellm.trees.masks import ancestors, linked
from spacy_padellm.trees.pointers import pack_pointers

from ..loras import LORA
from ..tree_training import disturbed
from ..trees.one_row import in_one_row
from .plain import PlainSession, assert_same, count_branches, mention_branches
from .plain_pointer import Asked

WINDOW = 24


@pytest.fixture(scope="module")
def model(tiny_tokenizer):
    """A random Gemma 3 for the tiny tokenizer."""
    torch.manual_seed(0)
    config = Gemma3TextConfig(
        vocab_size=len(tiny_tokenizer._tokenizer),
        hidden_size=64,
        intermediate_size=96,
        num_hidden_layers=3,
        num_attention_heads=4,
        num_key_value_heads=1,
        head_dim=16,
        query_pre_attn_scalar=16,
        sliding_window=WINDOW,
        layer_types=["sliding_attention", "full_attention", "sliding_attention"],
        max_position_embeddings=512,
        initializer_range=0.2,
        pad_token_id=tiny_tokenizer.eos_id,
    )
    model = Gemma3ForCausalLM(config).eval().requires_grad_(False)
    for name, parameter in model.named_parameters():
        if "norm" in name:
            parameter.data += torch.randn_like(parameter) / 5
    return model


@pytest.mark.parametrize("fast", [True, False], ids=["fused", "modules"])
@pytest.mark.parametrize("template", TEMPLATES)
def test_branches_are_completed_as_each_alone(
    model, tiny_tokenizer, workshop, template, fast, monkeypatch
):
    """Over several passes: positions of cached tokens are those of their branches."""
    template, gold = TEMPLATES[template], workshop[:3]
    counts = count_branches(template, gold, tiny_tokenizer, max_new_tokens=4)
    mentions = mention_branches(template, gold, tiny_tokenizer, max_new_tokens=6)
    assert min(len(one.prompt) for row in counts for one in row) > WINDOW
    lm = AdaptedLM.plain(SharedBase(model, tokenizer=None))
    if not fast:
        monkeypatch.setattr(
            "spacy_padellm.execution.decoding.fused_base", lambda base: None
        )
    engine = PackedEngine(lm, tiny_tokenizer)
    assert (engine.decoding.current().decoder is lm) != fast
    plain = PlainSession(model, tiny_tokenizer)
    with engine.session(len(gold)) as session:
        for rows in (counts, mentions):
            assert_same(session.complete(rows), plain.complete(rows))


@torch.inference_mode()
def test_tokens_of_a_text_see_each_other_within_the_window(model, monkeypatch):
    """As in transformers' Gemma 3 that reads in both directions."""
    n = 2 * WINDOW
    ids, positions = torch.arange(10, 10 + n)[None], torch.arange(n)[None]
    with torch.inference_mode(False):
        lm = AdaptedLM.plain(SharedBase(model, tokenizer=None))
        fused = Decoding(lm).current().decoder
    assert fused is not lm
    mask = torch.ones(1, n, n, dtype=torch.bool)
    found = [one.hidden(ids, positions, mask, None) for one in (fused, lm)]
    monkeypatch.setattr(model.config, "use_bidirectional_attention", True)
    expected = model.model(ids, use_cache=False).last_hidden_state
    for hidden in found:
        torch.testing.assert_close(hidden, expected, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("fast", [True, False], ids=["fused", "modules"])
def test_names_that_are_read_once_are_as_far_from_the_text_as_in_one_tree(
    model, tiny_tokenizer, fast, monkeypatch
):
    """In layers with a window, the last token of a label does not see all of it."""
    base = SharedBase(model, tokenizer=None)
    lm = disturbed(AdaptedLM.fresh(base, LORA, HeadCard(size=8)))
    if not fast:
        monkeypatch.setattr(
            "spacy_padellm.execution.decoding.fused_base", lambda base: None
        )
    text = range(20, 20 + 2 * WINDOW)
    labels = [(30, 31, *range(80, 100), 2), (40, 2)]
    asked = Asked((1, *text, 9), range(1, 1 + len(text)), labels, before=(1, 9))
    engine = PackedEngine(lm, tiny_tokenizer)
    with engine.session(1) as session:
        [found] = session.score([asked.tree_apart()])
    assert (engine.decoding.current().decoder is lm) != fast
    tree = asked.tree()
    row, first = in_one_row(tree)
    arrays = row.ids, row.starts, row.ends, row.links
    arrays += tree.queries + first, tree.keys + first
    ids, starts, ends, links, queries, keys = (
        torch.from_numpy(array)[None] for array in arrays
    )
    mask = ancestors(starts, ends) | linked(links, len(row))
    with torch.inference_mode():
        # distances count, not positions
        positions = torch.from_numpy(row.positions)[None] + 100
        hidden = lm.hidden(ids, positions, mask)[0]
        expected = lm.head(hidden, queries, keys)[0]
    torch.testing.assert_close(torch.from_numpy(found), expected, atol=1e-4, rtol=1e-4)


def test_heads_need_no_embeddings_multiplied(model, tiny_tokenizer):
    lm = AdaptedLM.fresh(SharedBase(model, tokenizer=None), LORA, HeadCard(size=8))
    engine = PackedEngine(lm, tiny_tokenizer)
    tree = pack_pointers((5, 6, 7), range(1, 3), [(8, 9)], stem=3)
    with engine.session(1) as session:
        session.score([tree])
    assert "output" not in vars(engine.decoding.current().decoder)
    n_layers = model.config.num_hidden_layers
    learner = trainable(lm)
    assert type(learner) is TrainableDecoder
    ids = torch.tensor([[5, 6, 7]])
    mask = torch.ones(1, 3, 3, dtype=torch.bool).tril()
    real = torch.arange(3)
    learner.hidden(ids, torch.arange(3)[None], mask, real=real).sum().backward()
    packed = {number for _, number in learner.base._prepacked}
    assert packed <= set(range(4 * n_layers))
