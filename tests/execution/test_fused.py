"""The fused decoder computes what the base's own modules compute with PEFT's."""

from contextlib import nullcontext
from dataclasses import replace

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from transformers import (
    Gemma3ForCausalLM,
    Gemma3TextConfig,
    LlamaConfig,
    LlamaForCausalLM,
    MistralConfig,
    MistralForCausalLM,
    Olmo2Config,
    Olmo2ForCausalLM,
    Qwen2Config,
    Qwen2ForCausalLM,
    Qwen3Config,
    Qwen3ForCausalLM,
)

from spacy_padellm.adapters.adapted import AdaptedLM
from spacy_padellm.adapters.shared_base import SharedBase
from spacy_padellm.engines.kv_cache import append_only_cache
from spacy_padellm.execution import onednn
from spacy_padellm.execution.buckets import bucket_size
from spacy_padellm.execution.decoding import Decoding, DecodingSettings
from spacy_padellm.execution.kinds.kind import known_kinds
from spacy_padellm.execution.linears import DenseLinear
from spacy_padellm.execution.onednn import Int8Linear, PackedLinear, can_pack
from spacy_padellm.execution.trainable import trainable

from ..loras import FULL, LORA
from ..threads import at_once

SHAPE = {
    "vocab_size": 120,
    "hidden_size": 64,
    "intermediate_size": 96,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 256,
    "initializer_range": 0.2,
}
LONG_ROPE = {
    "rope_type": "llama3",
    "rope_theta": 10000.0,
    "factor": 8.0,
    "low_freq_factor": 1.0,
    "high_freq_factor": 4.0,
    "original_max_position_embeddings": 64,
}
# A window that the tests' texts are longer than, in the first layer of two.
SLIDING = {
    "sliding_window": 6,
    "layer_types": ["sliding_attention", "full_attention"],
}
GEMMA_3 = SLIDING | {
    "head_dim": 24,
    "query_pre_attn_scalar": 20,
    "num_key_value_heads": 1,
}
# These change with the largest position of a pass, from 256 on.
DYNAMIC_ROPE = {"rope_type": "dynamic", "rope_theta": 10000.0, "factor": 4.0}
TWO_ROPES = {
    "rope_type": "longrope",
    "rope_theta": 10000.0,
    "factor": 4.0,
    "short_factor": [1.0] * 8,
    "long_factor": [3.0] * 8,
    "original_max_position_embeddings": 256,
}
ROPES_BY_LAYER = {
    "sliding_attention": {"rope_type": "default", "rope_theta": 10000.0},
    "full_attention": DYNAMIC_ROPE,
}
KINDS = {
    "llama": (LlamaForCausalLM, LlamaConfig, {}),
    "a head of keys for each": (
        LlamaForCausalLM,
        LlamaConfig,
        {"num_key_value_heads": 4},
    ),
    "one head of keys": (LlamaForCausalLM, LlamaConfig, {"num_key_value_heads": 1}),
    "wide heads": (LlamaForCausalLM, LlamaConfig, {"head_dim": 24}),
    "biases": (
        LlamaForCausalLM,
        LlamaConfig,
        {"attention_bias": True, "mlp_bias": True},
    ),
    "tied": (LlamaForCausalLM, LlamaConfig, {"tie_word_embeddings": True}),
    "long": (LlamaForCausalLM, LlamaConfig, {"rope_parameters": LONG_ROPE}),
    "dynamic": (LlamaForCausalLM, LlamaConfig, {"rope_parameters": DYNAMIC_ROPE}),
    "two ropes": (LlamaForCausalLM, LlamaConfig, {"rope_parameters": TWO_ROPES}),
    "mistral": (MistralForCausalLM, MistralConfig, {"sliding_window": None}),
    "mistral, sliding": (MistralForCausalLM, MistralConfig, {"sliding_window": 6}),
    "qwen2": (Qwen2ForCausalLM, Qwen2Config, {}),
    "qwen2, sliding": (
        Qwen2ForCausalLM,
        Qwen2Config,
        {"use_sliding_window": True} | SLIDING,
    ),
    "qwen3": (Qwen3ForCausalLM, Qwen3Config, {"head_dim": 24}),
    "qwen3, sliding": (
        Qwen3ForCausalLM,
        Qwen3Config,
        {"use_sliding_window": True} | SLIDING,
    ),
    "gemma3": (Gemma3ForCausalLM, Gemma3TextConfig, GEMMA_3),
    "gemma3, dynamic": (
        Gemma3ForCausalLM,
        Gemma3TextConfig,
        GEMMA_3 | {"rope_parameters": ROPES_BY_LAYER},
    ),
    "gemma3, two heads of keys": (
        Gemma3ForCausalLM,
        Gemma3TextConfig,
        GEMMA_3 | {"num_key_value_heads": 2, "tie_word_embeddings": False},
    ),
}
ADAPTERS = {
    "all": {},
    "some": {"target_modules": ["q_proj", "v_proj", "down_proj"]},
    "rslora": {"use_rslora": True},
    "dora": {"use_dora": True},
    "full": FULL,
}


def new_base(kind="llama"):
    model_class, config_class, changes = KINDS[kind]
    torch.manual_seed(0)
    model = model_class(config_class(**(SHAPE | changes))).eval().requires_grad_(False)
    for name, parameter in model.named_parameters():
        if name.endswith("bias") or "norm" in name:
            parameter.data += torch.randn_like(parameter) / 5
    return SharedBase(model, tokenizer=None)


def adapted(base, seed=1, **settings):
    lm = AdaptedLM.fresh(base, LORA | settings)
    torch.manual_seed(seed)
    with torch.no_grad():
        for parameter in lm.parameters().values():
            parameter.add_(torch.randn_like(parameter) / 10)
    return lm


def decode(decoder, n_layers=2):
    """Logits of a random forest of 3 rows, in two passes."""
    torch.manual_seed(2)
    ids = torch.randint(SHAPE["vocab_size"], (3, 13))
    positions = torch.randint(20, (3, 13))
    mask = torch.rand(3, 13, 13) < 0.5
    mask |= torch.eye(13, dtype=torch.bool)
    cache = append_only_cache(n_layers)
    hidden = [
        decoder.hidden(ids[:, :7], positions[:, :7], mask[:, :7, :7], cache),
        decoder.hidden(ids[:, 7:], positions, mask[:, 7:], cache),
    ]
    return decoder.logits(torch.cat(hidden, dim=1).flatten(0, 1))


def warned(kind):
    return pytest.warns(UserWarning, match=f"W702.*no operators for {kind}")


def decoder_of(lm, **settings):
    return Decoding(lm, DecodingSettings(**settings)).current().decoder


@pytest.fixture(autouse=True)
def nothing_to_learn():
    with torch.inference_mode():
        yield


@pytest.mark.parametrize("kind", KINDS)
def test_a_base_alone_is_the_same(kind):
    with torch.inference_mode(False):
        lm = AdaptedLM.plain(new_base(kind))
    expected = decode(lm)
    decoder = decoder_of(lm)
    assert decoder is not lm
    torch.testing.assert_close(decode(decoder), expected, atol=1e-4, rtol=1e-4)


def own_logits(model, ids):
    """What transformers gives for one sequence, [tokens, vocabulary]."""
    return model(torch.tensor([ids]), use_cache=False).logits[0]


@pytest.mark.parametrize("fast", [True, False], ids=["fused", "modules"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_long_text_is_read_as_transformers_reads_it(kind, fast):
    """In one pass and in several, also when it is longer than the sliding window."""
    with torch.inference_mode(False):
        lm = AdaptedLM.plain(new_base(kind))
    ids = torch.randint(1, SHAPE["vocab_size"], (1, 40))
    expected = own_logits(lm.base.model, ids[0].tolist())
    decoder = decoder_of(lm) if fast else lm
    assert (decoder is lm) != fast
    positions, mask = torch.arange(40)[None], torch.ones(1, 40, 40).tril().bool()
    for sizes in ([40], [25, 1, 14]):
        cache, start, hidden = append_only_cache(2), 0, []
        for size in sizes:
            end = start + size
            given = positions[:, :end], mask[:, start:end, :end]
            hidden.append(decoder.hidden(ids[:, start:end], *given, cache))
            start = end
        found = decoder.logits(torch.cat(hidden, dim=1)[0])
        torch.testing.assert_close(found, expected, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("fast", [True, False], ids=["fused", "modules"])
@pytest.mark.parametrize("kind", KINDS)
def test_the_first_layers_are_those_of_a_model_without_the_others(kind, fast):
    model_class, config_class, changes = KINDS[kind]
    shape = SHAPE | changes | {"num_hidden_layers": 1}
    if "layer_types" in shape:
        shape["layer_types"] = shape["layer_types"][:1]
    with torch.inference_mode(False):
        whole = new_base(kind).model
        small = model_class(config_class(**shape)).eval()
        missing, more = small.load_state_dict(whole.state_dict(), strict=False)
        lm = AdaptedLM.plain(SharedBase(whole, tokenizer=None, layers=1))
    assert not missing and all(".layers.1." in name for name in more)
    assert whole.config.num_hidden_layers == lm.base.layers == 1
    ids = torch.randint(1, SHAPE["vocab_size"], (1, 12))
    given = torch.arange(12)[None], torch.ones(1, 12, 12).tril().bool()
    decoder = decoder_of(lm) if fast else lm
    found = decoder.logits(decoder.hidden(ids, *given, append_only_cache(1))[0])
    expected = own_logits(small, ids[0].tolist())
    torch.testing.assert_close(found, expected, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("layers", [2, 3])
def test_a_base_has_more_layers_than_are_kept(layers):
    model = new_base().model
    with pytest.raises(ValueError, match=f"E716.*is {layers}.*has 2 layers"):
        SharedBase(model, tokenizer=None, layers=layers)


@pytest.mark.parametrize("fast", [True, False], ids=["fused", "modules"])
@pytest.mark.parametrize("kind", KINDS)
def test_each_branch_of_a_tree_is_read_as_transformers_reads_it_alone(kind, fast):
    """Distances count along a branch: the columns between two branches do not."""
    with torch.inference_mode(False):
        lm = AdaptedLM.plain(new_base(kind))
    decoder = decoder_of(lm) if fast else lm
    text = torch.randint(1, SHAPE["vocab_size"], (9,)).tolist()
    branches = [[5, 6, 7], [8, 9], [3], [10, 4, 11, 12]]
    ids, positions = list(text), list(range(9))
    mask = torch.ones(9, 9).tril().bool()
    for branch in branches:
        start = len(ids)
        ids += branch
        positions += range(9, 9 + len(branch))
        mask = torch.nn.functional.pad(mask, (0, len(branch), 0, len(branch)))
        mask[start:, :9] = True
        mask[start:, start:] = torch.ones(len(branch), len(branch)).tril().bool()
    hidden = decoder.hidden(
        torch.tensor([ids]), torch.tensor([positions]), mask[None], None
    )
    logits, start = decoder.logits(hidden[0]), 9
    for branch in branches:
        end = start + len(branch)
        expected = own_logits(lm.base.model, text + branch)
        torch.testing.assert_close(logits[:9], expected[:9], atol=1e-4, rtol=1e-4)
        torch.testing.assert_close(
            logits[start:end], expected[9:], atol=1e-4, rtol=1e-4
        )
        start = end


def test_every_known_kind_is_compared_with_its_own_logits():
    configs = [
        config_class(**(SHAPE | changes)) for _, config_class, changes in KINDS.values()
    ]
    assert {config.model_type for config in configs} == set(known_kinds())


def test_the_tests_windows_matter():
    """A text is read differently if the window is larger."""
    for kind in KINDS:
        if "sliding" in kind or "gemma3" in kind:
            with torch.inference_mode(False):
                base = new_base(kind)
            ids = list(range(1, 41))
            narrow = own_logits(base.model, ids)
            base.model.config.sliding_window = 100
            assert not torch.allclose(own_logits(base.model, ids), narrow, atol=1e-2)


@pytest.mark.parametrize(
    "change",
    [
        {"use_bidirectional_attention": True},
        {"hidden_activation": "relu"},
        {"layer_types": ["full_attention", "chunked_attention"]},
    ],
    ids=str,
)
def test_a_gemma_that_differs_is_left_to_its_modules(change):
    with torch.inference_mode(False):
        lm = AdaptedLM.plain(new_base("gemma3"))
    assert decoder_of(lm) is not lm
    for name, value in change.items():
        setattr(lm.base.body.config, name, value)
    assert decoder_of(lm) is lm


def test_an_adapter_that_replaces_norms_is_left_to_its_modules():
    with torch.inference_mode(False):
        lm = adapted(
            new_base("gemma3"),
            target_modules=["q_proj"],
            modules_to_save=["post_feedforward_layernorm"],
        )
    assert decoder_of(lm) is lm


@pytest.mark.parametrize("merge", ["always", "never"])
@pytest.mark.parametrize("adapter", ADAPTERS)
@pytest.mark.parametrize("kind", ["llama", "biases", "gemma3"])
def test_an_adapter_is_the_same(kind, adapter, merge):
    with torch.inference_mode(False):
        lm = adapted(new_base(kind), **ADAPTERS[adapter])
    expected = decode(lm)
    decoder = decoder_of(lm, merge=merge)
    # these are no plain sums: beside the weights, their own modules compute them
    assert (decoder is lm) == (adapter in ("dora", "full") and merge == "never")
    torch.testing.assert_close(decode(decoder), expected, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_packed_products_are_the_same(dtype):
    product = DenseLinear(
        torch.randn(24, 16, dtype=dtype), torch.randn(24, dtype=dtype)
    )
    if not can_pack(product.weight):
        pytest.skip("this CPU has no such products")
    packed = PackedLinear(product)
    for shape in [(1, 16), (3, 40, 16), (0, 16)]:
        x = torch.randn(shape, dtype=dtype)
        torch.testing.assert_close(packed(x), product(x))


def test_a_cpu_without_bfloat16_products_packs_none(monkeypatch):
    monkeypatch.setattr(
        torch.ops.mkldnn, "_is_mkldnn_bf16_supported", lambda: False, raising=False
    )
    assert not can_pack(torch.zeros(2, 2, dtype=torch.bfloat16))
    with torch.inference_mode(False):
        base = new_base()
        base.model.to(torch.bfloat16)
        lm = adapted(base)
    assert type(decoder_of(lm).output) is DenseLinear
    assert trainable(lm) is lm


@pytest.mark.parametrize("packed", [True, False])
def test_what_cannot_be_packed_is_computed_plainly(packed, monkeypatch):
    if not packed:
        monkeypatch.setattr(onednn, "PACKED_OPERATORS", (("mkldnn", "no_longer"),))
        onednn._warn_once.cache_clear()
    with torch.inference_mode(False):
        lm = adapted(new_base())
    expected = decode(lm)
    for merge in ("always", "never"):
        with warned("packed") if not packed and merge == "always" else nullcontext():
            decoder = decoder_of(lm, merge=merge)
        assert (type(decoder.output) is PackedLinear) == packed
        torch.testing.assert_close(decode(decoder), expected, atol=1e-4, rtol=1e-4)


@given(rows=st.integers(0, 5000))
def test_rows_are_filled_up_by_an_eighth_at_most(rows):
    filled = bucket_size(rows)
    assert rows <= filled <= rows * 9 / 8
    assert bucket_size(filled) == filled


def test_few_numbers_of_rows_are_multiplied():
    assert len({bucket_size(rows) for rows in range(1, 4097)}) == 80


@pytest.mark.parametrize("n_real", [0, 1, 16, 17, 21, 33, 35])
def test_the_products_of_a_pass_see_common_numbers_of_rows(n_real):
    with torch.inference_mode(False):
        decoder = decoder_of(adapted(new_base()))
    if not decoder.use_buckets:
        pytest.skip("this CPU has no packed products")
    seen = []

    def watch(multiply):
        def watched(x):
            seen.append(len(x))
            return multiply(x)

        return watched

    ids, positions = torch.zeros(5, 7, dtype=torch.int), torch.arange(7).expand(5, 7)
    mask = torch.eye(7, dtype=torch.bool).expand(5, 7, 7)
    real = torch.randperm(35)[:n_real].sort().values
    decoder.layers = [
        replace(one, qkv=watch(one.qkv), down=watch(one.down)) for one in decoder.layers
    ]
    decoder.output = watch(decoder.output)
    hidden = decoder.hidden(ids, positions, mask, append_only_cache(2), real)
    decoder.logits(hidden.flatten(0, 1))
    assert seen == [decoder.computed_tokens(5, 7, n_real)] * 4 + [bucket_size(35)]
    is_padding = torch.ones(35, dtype=torch.bool).index_fill_(0, real, False)
    assert not hidden.flatten(0, 1)[is_padding].any()
    assert hidden.flatten(0, 1)[real].any(dim=-1).all()


def test_adapters_beside_a_base_share_what_is_packed_of_it():
    with torch.inference_mode(False):
        base = new_base()
        one, other = adapted(base, seed=1), adapted(base, seed=7)
    decoders = [decoder_of(lm, merge="never") for lm in (one, other)]
    first, second = (decoder.layers[0].qkv for decoder in decoders)
    assert first.linear is second.linear and first.down is not second.down


@pytest.mark.parametrize("merge", ["always", "never"])
def test_8_bit_products_come_close(merge):
    with torch.inference_mode(False):
        lm = adapted(new_base())
    expected = decode(lm)
    found = decode(decoder_of(lm, int8=True, merge=merge))
    error = (found - expected).norm() / expected.norm()
    assert 0 < error < 0.2


def test_8_bit_products_are_those_of_rounded_numbers():
    """On CPUs without VNNI as well, where sums of two products have 16 bits only."""
    torch.manual_seed(0)
    product, x = DenseLinear(torch.randn(24, 16)), torch.randn(50, 16)
    int8 = Int8Linear(product)
    weights = (product.weight / int8.scales[:, None]).round() * int8.scales[:, None]
    step = x.abs().amax(dim=-1, keepdim=True) / int8.steps
    expected = ((x / step).round() * step) @ weights.T
    torch.testing.assert_close(int8(x), expected)


def test_8_bit_rows_do_not_depend_on_their_batch():
    torch.manual_seed(0)
    product = DenseLinear(torch.randn(24, 16), bias=torch.randn(24))
    x = torch.randn(5, 16) * torch.tensor([[1.0], [100.0], [0.01], [0.0], [1.0]])
    together = Int8Linear(product)(x)
    apart = torch.cat([Int8Linear(product)(row[None]) for row in x])
    torch.testing.assert_close(together, apart)
    errors = (together - product(x)).norm(dim=1) / product(x).norm(dim=1)
    assert errors.max() < 0.03


@pytest.mark.parametrize("lacks", ["operators", "oneDNN"])
def test_a_torch_without_8_bit_products_says_so_and_computes_in_float32(
    lacks, monkeypatch
):
    if lacks == "oneDNN":
        monkeypatch.setattr("torch.backends.mkldnn.is_available", lambda: False)
    monkeypatch.setattr(onednn, "INT8_OPERATORS", (("onednn", "no_longer"),))
    onednn._warn_once.cache_clear()
    with torch.inference_mode(False):
        lm = adapted(new_base())
    with warned("8-bit"):
        decoder = decoder_of(lm, int8=True)
    torch.testing.assert_close(decode(decoder), decode(lm), atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("kind", ["llama", "qwen3", "gemma3"])
def test_bfloat16_is_as_near_as_the_modules_own(kind):
    with torch.inference_mode(False):
        exact = decode(AdaptedLM.plain(new_base(kind)))
        base = new_base(kind)
        base.model.to(torch.bfloat16)
        lm = AdaptedLM.plain(base)
    own = decode(lm)
    found = decode(decoder_of(lm))
    assert found.dtype == torch.float32
    assert (found - exact).norm() < 1.5 * (own - exact).norm()


def test_another_kind_of_base_computes_itself():
    with torch.inference_mode(False):
        model = Olmo2ForCausalLM(Olmo2Config(**SHAPE)).eval()
        lm = AdaptedLM.plain(SharedBase(model, tokenizer=None))
    assert decoder_of(lm) is lm
    known = "gemma3_text, llama, mistral, qwen2, qwen3"
    with pytest.raises(ValueError, match=f"E707.*olmo2.*{known}"):
        decoder_of(lm, int8=True)
    settings = 'merge_adapter = "always" and cuda_graphs = true'
    with pytest.warns(UserWarning, match=f"W703.*{settings}\\. .*olmo2.*{known}"):
        assert decoder_of(lm, merge="always", graphs=True) is lm


def test_a_setting_that_an_adapter_cannot_have_is_not_dropped():
    with torch.inference_mode(False):
        lm = adapted(new_base(), use_dora=True)
    assert decoder_of(lm, merge="never") is lm
    with pytest.raises(ValueError, match="E707.*plain LoRA"):
        decoder_of(lm, merge="never", int8=True)
    with pytest.warns(UserWarning, match="W703.*effect: cuda_graphs = true"):
        decoder_of(lm, merge="never", graphs=True)


def test_an_adapter_on_the_output_layer_is_left_to_its_modules():
    with torch.inference_mode(False):
        base = new_base()
        first = adapted(base)
        assert decoder_of(first) is not first
        lm = adapted(base, target_modules=["q_proj", "lm_head"])
    assert decoder_of(lm) is lm
    assert decoder_of(first) is first


@pytest.mark.parametrize("merge", ["always", "never"])
def test_the_base_is_untouched(merge):
    with torch.inference_mode(False):
        base = new_base()
        lm = adapted(base)
        before = {k: v.clone() for k, v in base.model.state_dict().items()}
    expected = decode(lm)
    decode(decoder_of(lm, merge=merge))
    after = base.model.state_dict()
    assert all(torch.equal(after[key], value) for key, value in before.items())
    assert torch.equal(decode(lm), expected)


@pytest.mark.parametrize("adapter", ["all", "dora"])
def test_merged_weights_that_are_not_finite_are_an_error(adapter):
    """Nothing would be found, and nobody would know why."""
    with torch.inference_mode(False):
        lm = adapted(new_base(), **ADAPTERS[adapter])
        with torch.no_grad():
            next(iter(lm.parameters().values())).fill_(float("inf"))
    with pytest.raises(ValueError, match="E820|NaNs"):
        decoder_of(lm, merge="always")


def test_small_bases_are_merged_and_large_ones_are_not(monkeypatch):
    with torch.inference_mode(False):
        lm = adapted(new_base())
    assert type(decoder_of(lm).layers[0].qkv) is PackedLinear
    monkeypatch.setattr("spacy_padellm.execution.fused.COPIED_BYTES", 1000)
    decoder = decoder_of(lm)
    # no copy: the products are the base's own memory
    q = lm.base.body.layers[0].self_attn.q_proj.base_layer.weight
    assert decoder.layers[0].qkv.linear.weight.data_ptr() == q.data_ptr()


@pytest.mark.parametrize("merge", ["always", "never"])
def test_a_trained_adapter_is_taken_up(merge):
    with torch.inference_mode(False):
        lm = adapted(new_base())
        decoding = Decoding(lm, DecodingSettings(merge=merge))
        first = decoding.current().decoder
        assert decoding.current().decoder is first
        before = decode(first)
        with torch.no_grad():
            for parameter in lm.parameters().values():
                parameter.mul_(2)
    assert decoding.current().decoder is not first
    assert not torch.allclose(decode(decoding.current().decoder), before, atol=1e-2)
    torch.testing.assert_close(
        decode(decoding.current().decoder), decode(lm), atol=1e-3, rtol=1e-3
    )


@pytest.mark.parametrize("merge", ["always", "never"])
def test_training_goes_on_after_decoding(merge):
    with torch.inference_mode(False):
        lm = adapted(new_base())
        with torch.inference_mode():  # as the engine does
            decode(decoder_of(lm, merge=merge))
        ids = torch.arange(6)[None]
        mask = torch.ones(1, 6, 6, dtype=torch.bool).tril()
        lm.logits(lm.hidden(ids, ids, mask)[0]).square().mean().backward()
        gradients = [p.grad for p in lm.parameters().values()]
        assert all(g is not None and g.abs().sum() > 0 for g in gradients)


def test_adapters_on_one_base_stay_apart():
    with torch.inference_mode(False):
        base = new_base()
        one, other = adapted(base, seed=1), adapted(base, seed=7)
    expected = decode(one), decode(other)
    decoders = decoder_of(one, merge="never"), decoder_of(other, merge="always")
    for decoder, logits in zip(decoders, expected, strict=True):
        torch.testing.assert_close(decode(decoder), logits, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("kind", ["llama", "gemma3"])
@pytest.mark.parametrize("learns", [False, True], ids=["decoder", "trainable"])
def test_an_adapter_on_the_embeddings_changes_no_other(kind, learns):
    """PEFT replaces the module, and the base computes with the active adapter."""

    def compute(decoder):
        return decoder.hidden(ids, positions, mask, real=torch.arange(5), **cache)

    ids, positions = torch.arange(5)[None], torch.arange(5)[None]
    mask = torch.ones(1, 5, 5, dtype=torch.bool).tril()
    with torch.inference_mode(False):
        lm = adapted(new_base(kind))
        decoder = trainable(lm) if learns else decoder_of(lm, merge="never")
        cache = {} if learns else {"cache": None}
        expected = compute(decoder)
        other = adapted(lm.base, 2, target_modules=["q_proj", "embed_tokens"])
        lm.base.activate(other.name)
        assert decoder is not lm
        torch.testing.assert_close(compute(decoder), expected)


@pytest.mark.parametrize("kind", ["dynamic", "two ropes", "gemma3, dynamic"])
def test_threads_do_not_disturb_rotary_embeddings_that_change(kind):
    with torch.inference_mode(False):
        decoder = decoder_of(AdaptedLM.plain(new_base(kind)))
    ids = torch.arange(13)[None]
    mask = torch.ones(1, 13, 13, dtype=torch.bool).tril()

    @torch.inference_mode()
    def hidden(last):
        positions = torch.linspace(0, last, 13).long()[None]
        return decoder.hidden(ids, positions, mask, None)

    lasts = [(20, 400)[n % 2] for n in range(40)]
    expected = {last: hidden(last) for last in lasts}
    assert not torch.allclose(expected[20], expected[400], atol=1e-2)
    answers = at_once(lambda i: [(last, hidden(last)) for last in lasts[i:]])
    for answer in answers:
        for last, found in answer:
            torch.testing.assert_close(found, expected[last], atol=1e-5, rtol=1e-5)
