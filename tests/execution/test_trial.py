"""Kinds of bases of which nothing is known are tried before anything is read."""

import numpy as np
import pytest
import spacy
import torch
from transformers import CONFIG_MAPPING, AutoModelForCausalLM

from spacy_padellm.adapters.adapted import AdaptedLM
from spacy_padellm.adapters.card import HeadCard
from spacy_padellm.adapters.shared_base import SharedBase
from spacy_padellm.engines.packed import PackedEngine
from spacy_padellm.execution.trainable import trainable
from spacy_padellm.execution.trial import (
    check_logits,
    check_positions,
    check_trees,
    checked_logits,
)
from spacy_padellm.pipeline.padellm_ner import PaDeLLMNER
from spacy_padellm.training.loss import tree_loss
from spacy_padellm.trees.batching import DoesNotFit
from spacy_padellm.trees.pointers import pack_names, pack_with_names

from ..loras import LORA
from .test_fused import SHAPE, decoder_of, own_logits

SMALL_MAMBA = {"mamba_n_heads": 4, "mamba_d_state": 8}
EXPERTS = {"num_experts_per_tok": 1, "shared_intermediate_size": 32}
# Kinds with layers other than attention
UNFIT = {
    "lfm2": {"layer_types": ["conv", "full_attention"]},
    "qwen3_5_text": {
        "layer_types": ["linear_attention", "full_attention"],
        "head_dim": 16,
        **{f"linear_num_{one}_heads": 2 for one in ("key", "value")},
        **{f"linear_{one}_head_dim": 16 for one in ("key", "value")},
    },
    "granitemoehybrid": {
        "layer_types": ["mamba", "attention"],
        "mamba_d_head": 32,
        "num_local_experts": 2,
        **SMALL_MAMBA,
        **EXPERTS,
    },
    "falcon_h1": {
        "mamba_d_ssm": 64,
        "mamba_d_head": 16,
        "mamba_n_groups": 1,
        "head_dim": 16,
        **SMALL_MAMBA,
    },
}
# Kinds with logits that are not those of the output layer
SCALED = {
    "granite": {"logits_scaling": 8.0},
    "cohere": {"logit_scale": 0.0625},
    "nanochat": {"final_logit_softcapping": 3.0},
    "hyperclovax": {"logits_scaling": 3.0},
    "minicpm3": {"dim_model_base": 20, "num_key_value_heads": 4},
    "gemma3_text": {"final_logit_softcapping": 3.0, "head_dim": 16},
}


def new_lm(kind, **changes):
    torch.manual_seed(0)
    special = dict.fromkeys(("bos_token_id", "eos_token_id", "pad_token_id"), 0)
    config = CONFIG_MAPPING[kind](**{**SHAPE, **special, **changes})
    model = AutoModelForCausalLM.from_config(config, attn_implementation="sdpa")
    return AdaptedLM.plain(SharedBase(model.float().eval(), tokenizer=None))


@pytest.mark.parametrize("kind", UNFIT)
def test_layers_that_ignore_a_mask_are_refused(kind):
    lm = new_lm(kind, **UNFIT[kind])
    for _ in range(2):
        with pytest.raises(ValueError, match=f"E347.* {kind} ignore the mask"):
            decoder_of(lm)
    learner = AdaptedLM.fresh(lm.base, LORA | {"target_modules": ["q_proj"]})
    with pytest.raises(ValueError, match="E347"):
        trainable(learner)


def test_the_layers_are_what_is_refused():
    lm = new_lm("lfm2", layer_types=["full_attention"] * 2)
    assert decoder_of(lm) is lm


@pytest.mark.parametrize("kind", SCALED)
def test_logits_are_scaled_as_the_base_does(kind):
    lm = new_lm(kind, **SCALED[kind])
    ids = list(range(1, 30))
    given = torch.tensor([ids]), torch.arange(29)[None]
    mask = torch.ones(1, 29, 29, dtype=torch.bool).tril()
    with torch.inference_mode():
        expected = own_logits(lm.base.model, ids)
        for decoder in (lm, decoder_of(lm)):
            found = decoder.logits(decoder.hidden(*given, mask, None)[0])
            torch.testing.assert_close(found, expected, atol=1e-4, rtol=1e-4)
        plain = lm.base.output(lm.hidden(*given, mask)[0])
    assert not torch.allclose(plain, expected, atol=1e-2), "it would be noticed"


def test_a_base_with_logits_of_its_own_may_not_generate(monkeypatch):
    lm = new_lm("gpt2", n_embd=64, n_layer=2, n_head=4)
    forward = lm.base.model.forward

    def scaled(*args, **settings):
        output = forward(*args, **settings)
        output.logits = output.logits * 2
        return output

    monkeypatch.setattr(lm.base.model, "forward", scaled)
    decoder = decoder_of(lm)
    for _ in range(2):
        with pytest.raises(ValueError, match="E348.* gpt2 has other logits.*Pointer"):
            checked_logits(decoder, torch.zeros(1, 64))


def test_a_base_that_fails_with_a_tree_is_refused():
    lm = new_lm("falcon", alibi=True)
    with pytest.raises(ValueError, match="E347.* falcon fails with a tree: "):
        decoder_of(lm)


def test_a_base_that_counts_positions_by_itself_is_refused():
    lm = new_lm("bart", d_model=64, decoder_layers=2, decoder_attention_heads=4)
    with pytest.raises(ValueError, match="E347.* bart reads a branch of a tree in ano"):
        decoder_of(lm)


@pytest.mark.parametrize("kind", ["opt", "gpt2"])
def test_a_base_with_an_embedding_for_each_position_reads_no_names_once(kind):
    """Such names stand in one place, and texts of any length before them."""
    lm = new_lm(
        kind, word_embed_proj_dim=64, ffn_dim=96, n_embd=64, n_head=4, n_layer=2
    )
    decoder = decoder_of(lm)
    for _ in range(2):
        with pytest.raises(ValueError, match=f"E718.*in {kind} counts.*'behind'"):
            check_positions(decoder, lm.base)


@pytest.mark.parametrize("way", ["read", "learn"])
def test_such_a_base_is_refused_before_it_reads_or_learns(way, tiny_tokenizer):
    base = new_lm("opt", word_embed_proj_dim=64, ffn_dim=96).base
    lm = AdaptedLM.fresh(base, LORA | {"target_modules": ["q_proj"]}, HeadCard(size=8))
    names = pack_names((1, 9), [(5, 6), (7, 6)])
    tree = pack_with_names((1, 20, 21, 9), range(1, 3), names)
    with pytest.raises(ValueError, match="E718"):
        if way == "read":
            with PackedEngine(lm, tiny_tokenizer).session(1) as session:
                session.score([tree])
        else:
            gold = {"spans": np.zeros((0, 3), int), "known": np.ones(2, bool)}
            learned = pack_with_names((1, 20, 21, 9), range(1, 3), names, gold)
            tree_loss(trainable(lm), [learned], lm)


@pytest.mark.parametrize("kind", ["llama", "olmo2", "phi3", "cohere2"])
def test_with_rotary_embeddings_distances_count(kind):
    lm = new_lm(kind)
    check_positions(decoder_of(lm), lm.base)


def test_a_base_that_did_not_fit_is_tried_again(monkeypatch):
    lm = new_lm("olmo2")
    with monkeypatch.context() as patch:

        def full(*args, **settings):
            raise torch.OutOfMemoryError("CUDA out of memory")

        patch.setattr(lm.base.body, "forward", full)
        with pytest.raises(DoesNotFit, match="out of memory"):
            decoder_of(lm)
    assert decoder_of(lm) is lm


def test_numbers_that_are_not_finite_are_no_fault_of_the_layers():
    lm = new_lm("olmo2")
    lm.base.body.norm.weight.data.fill_(float("inf"))
    assert decoder_of(lm) is lm


def test_an_adapter_on_the_embeddings_is_no_hindrance():
    lm = new_lm("olmo2")
    lm = AdaptedLM.fresh(lm.base, LORA | {"target_modules": ["embed_tokens"]})
    assert decoder_of(lm) is lm


@pytest.mark.parametrize("kind", UNFIT)
def test_layers_are_tried_in_bfloat16_as_well(kind):
    lm = new_lm(kind, **UNFIT[kind])
    lm.base.model.bfloat16()
    with pytest.raises(ValueError, match="E347"):
        decoder_of(lm)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16], ids=str)
@pytest.mark.parametrize("kind", ["olmo2", "mixtral", "phi3", "opt", "cohere2"])
def test_sound_kinds_are_not_refused(kind, dtype):
    small = {"num_local_experts": 4, "word_embed_proj_dim": 64, "ffn_dim": 96}
    lm = new_lm(kind, **small)
    lm.base.model.to(dtype)
    check_trees(lm.base)
    check_logits(lm.base)


def test_a_pipeline_says_so_before_it_reads(tmp_path, tiny_tokenizer, monkeypatch):
    tokenizer = tiny_tokenizer._tokenizer
    lm = new_lm("lfm2", **UNFIT["lfm2"], vocab_size=len(tokenizer))
    lm.base.model.save_pretrained(tmp_path)
    tokenizer.save_pretrained(tmp_path)
    nlp = spacy.blank("en")
    model = {"base": str(tmp_path), "adapter": None}
    ner = nlp.add_pipe("padellm_ner", config={"model": model, "labels": ["LOC"]})
    ner.model.shims[0].initialize(ner.format.head)
    monkeypatch.setattr(PaDeLLMNER, "set_annotations", None)
    with pytest.raises(ValueError, match=f"E347.*{tmp_path}"):
        nlp("Maria left Oslo.")
    with pytest.raises(ValueError, match=f"E347.*{tmp_path}"):
        ner.warm_up()
