"""Adapters on a shared base: each its own, none disturbs another or the base."""

import gc
from pathlib import Path

import pytest
import torch
from peft.utils import TRANSFORMERS_MODELS_TO_LORA_TARGET_MODULES_MAPPING as MAPPING
from safetensors.torch import load, save

from spacy_padellm.adapters.adapted import AdaptedLM, lora_config
from spacy_padellm.adapters.card import AdapterCard, HeadCard
from spacy_padellm.adapters.checks import KNOWN
from spacy_padellm.adapters.files import Adapter
from spacy_padellm.adapters.merged import write_checkpoint
from spacy_padellm.adapters.pointer_head import PointerHead
from spacy_padellm.adapters.shared_base import SharedBase
from spacy_padellm.adapters.targets import targets
from spacy_padellm.bases.weights import load_base

from ..loras import LORA

CARD = AdapterCard(base="tiny")

IDS = torch.tensor([[5, 40, 77, 120, 9, 300, 41, 8]])


def outputs(lm):
    """Logits of a plain text: one row, a causal mask."""
    n = IDS.shape[1]
    mask = torch.ones(1, n, n, dtype=torch.bool).tril()
    with torch.no_grad():
        return lm.logits(lm.hidden(IDS, torch.arange(n)[None], mask)[0])


def adapted(base, seed=0, **settings):
    """An adapter that is as if trained: random, and changes what the base says."""
    lm = AdaptedLM.fresh(base, LORA | settings)
    torch.manual_seed(seed)
    with torch.no_grad():
        for parameter in lm.parameters().values():
            parameter.normal_(std=0.1)
    return lm


def same(one, other):
    return torch.allclose(one, other, atol=1e-5)


@pytest.fixture
def base(tiny_base):
    """A base that no other test has touched."""
    return new_base(tiny_base)


def new_base(folder):
    return SharedBase(*load_base(folder, device="cpu", dtype=torch.float32))


@pytest.fixture
def base_outputs(tiny_model):
    with torch.no_grad():
        return tiny_model(input_ids=IDS).logits[0]


def test_the_base_is_loaded_once(tiny_base):
    options = {"device": "cpu", "trust_remote_code": False}
    base = SharedBase.open(tiny_base, dtype=torch.float32, **options)
    again = SharedBase.open(tiny_base, dtype=torch.float32, **options)
    other = SharedBase.open(tiny_base, dtype=torch.bfloat16, **options)
    assert again is base and other is not base
    assert other.model.dtype == torch.bfloat16


def test_a_fresh_adapter_changes_nothing(base, base_outputs):
    assert same(outputs(AdaptedLM.plain(base)), base_outputs)
    assert same(outputs(AdaptedLM.fresh(base, LORA)), base_outputs)
    assert same(outputs(AdaptedLM.fresh(base, LORA | {"use_dora": True})), base_outputs)


def test_adapters_on_one_base_do_not_disturb_each_other(base, base_outputs):
    plain = AdaptedLM.plain(base)
    one, other = adapted(base, seed=1), adapted(base, seed=2, r=8, use_rslora=True)
    ones, others = outputs(one), outputs(other)
    assert not same(ones, others) and not same(ones, base_outputs)
    for _ in range(2):
        assert same(outputs(plain), base_outputs)
        assert torch.equal(outputs(one), ones)
        assert torch.equal(outputs(other), others)


def test_the_output_layer_keeps_to_its_adapter(base):
    """Its hidden states were computed before another adapter was used."""
    lm = adapted(base, target_modules=["q_proj", "lm_head"])
    n = IDS.shape[1]
    mask = torch.ones(1, n, n, dtype=torch.bool).tril()
    with torch.no_grad():
        hidden = lm.hidden(IDS, torch.arange(n)[None], mask)[0]
        expected = lm.logits(hidden)
        outputs(AdaptedLM.plain(base))
        assert torch.equal(lm.logits(hidden), expected)


@pytest.mark.parametrize("used_last", ["gone", "kept", "gone, plain"])
def test_an_adapter_that_goes_disturbs_nobody(base, base_outputs, used_last, recwarn):
    plain, kept, gone = AdaptedLM.plain(base), adapted(base, 1), adapted(base, 2)
    kept_outputs = outputs(kept)
    for name in used_last.split(", "):
        outputs({"gone": gone, "kept": kept, "plain": plain}[name])
    del gone
    gc.collect()
    # at the latest it is taken off when another is put on
    for _ in range(2):
        assert same(outputs(plain), base_outputs)
        assert torch.equal(outputs(kept), kept_outputs)
        fresh = AdaptedLM.fresh(base, LORA | {"r": 2})
        assert same(outputs(fresh), base_outputs)
    assert not [warning for warning in recwarn if "adapter" in str(warning.message)]
    # of rank 4, one is left: on seven modules of each of two layers
    assert [len(p) for p in base.model.parameters()].count(4) == 2 * 7


def test_training_one_adapter_leaves_the_others_alone(base):
    one, other = adapted(base, 1), adapted(base, 2)
    before = outputs(other)
    n = IDS.shape[1]
    mask = torch.ones(1, n, n, dtype=torch.bool).tril()
    for _ in range(2):
        one.hidden(IDS, torch.arange(n)[None], mask).square().sum().backward()
        third = AdaptedLM.fresh(base, LORA | {"r": 2})
        outputs(third), outputs(other), outputs(AdaptedLM.plain(base))
    assert all(p.grad is not None for p in one.parameters().values())
    assert all(p.grad is None for p in other.parameters().values())
    assert all(
        p.grad is None for n, p in base.model.named_parameters() if "lora" not in n
    )
    assert torch.equal(outputs(other), before)


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"target_modules": ["q_proj", "v_proj"], "lora_alpha": 5},
        {"use_rslora": True},
        {"use_dora": True},
        {"target_modules": ["q_proj", "lm_head"]},
        {"rank_pattern": {"q_proj": 2}, "alpha_pattern": {"v_proj": 3}},
        {"target_modules": ["q_proj"], "layers_to_transform": [1]},
        {"target_modules": "all-linear", "exclude_modules": ["q_proj"]},
    ],
)
def test_bytes_give_the_same_adapter_again(base, settings):
    lm = adapted(base, **settings)
    again = AdaptedLM.loaded(base, lm.adapter(CARD), source="bytes")
    assert torch.equal(outputs(again), outputs(lm))
    assert again.weights() == lm.weights()
    assert again.config() == lm.config()


def test_the_output_layer_may_have_an_adapter(base):
    """And then it counts, as when transformers runs the whole model."""
    lm = adapted(base, target_modules=["q_proj", "lm_head"])
    found = outputs(lm)
    with torch.no_grad():
        expected = base.model(input_ids=IDS).logits[0]
    assert same(found, expected)
    without = adapted(base, target_modules=["q_proj"])
    assert not same(outputs(without), expected)


def test_weights_are_float32_on_a_bfloat16_base(tiny_base):
    base = SharedBase.open(
        tiny_base, device="cpu", dtype=torch.bfloat16, trust_remote_code=False
    )
    for lm in (adapted(base), adapted(base)):
        loaded = AdaptedLM.loaded(base, lm.adapter(CARD), source="bytes")
        for either in (lm, loaded):
            dtypes = {p.dtype for p in either.parameters().values()}
            assert dtypes == {torch.float32}
        assert torch.equal(outputs(loaded), outputs(lm))


def test_the_same_seed_gives_the_same_fresh_adapter(tiny_base):
    """Whether the base is loaded already or not."""

    def fresh():
        torch.manual_seed(7)
        base = SharedBase.open(
            tiny_base, device="cpu", dtype=torch.float32, trust_remote_code=False
        )
        return base, AdaptedLM.fresh(base, LORA)

    gc.collect()
    base, first = fresh()
    kept = first.weights()
    assert fresh()[1].weights() == kept
    torch.manual_seed(8)
    assert AdaptedLM.fresh(base, LORA).weights() != kept
    del base, first
    gc.collect()
    assert fresh()[1].weights() == kept


def spoil(lm, change):
    tensors = load(lm.weights())
    change(tensors)
    return save(tensors)


FIRST = "base_model.model.model.layers.0.mlp.down_proj.lora_A.weight"


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda tensors: tensors.pop(FIRST), f"missing {FIRST}"),
        (lambda tensors: tensors.update(x=torch.zeros(1)), "foreign x"),
        (
            lambda tensors: tensors.update({FIRST: torch.zeros(4, 3)}),
            rf"{FIRST} has shape \[4, 3\] for \[4, 128\]",
        ),
    ],
)
def test_tensors_that_do_not_fit_are_named(base, base_outputs, change, told):
    lm = adapted(base)
    before = outputs(lm)
    with pytest.raises(ValueError, match=f"E325.*some/folder.*{told}"):
        AdaptedLM.loaded(
            base, Adapter(lm.config(), spoil(lm, change), CARD), source="some/folder"
        )
    gc.collect()
    assert torch.equal(outputs(lm), before)
    assert same(outputs(AdaptedLM.plain(base)), base_outputs)


@pytest.mark.parametrize(
    "change",
    [{"r": 0}, {"r": "4"}, {"target_modules": ["nope"]}, {"lora_alpha": None}],
)
def test_a_config_that_does_not_fit_is_told(tiny_base, base_outputs, change):
    """And the base is as good as before, also if it never had an adapter."""
    good = adapted(new_base(tiny_base))
    base = new_base(tiny_base)
    for _ in range(2):
        with pytest.raises(ValueError, match="E325.*some/folder"):
            spoilt = Adapter(good.config() | change, good.weights(), CARD)
            AdaptedLM.loaded(base, spoilt, source="some/folder")
        assert same(outputs(AdaptedLM.plain(base)), base_outputs)
        loaded = AdaptedLM.loaded(base, good.adapter(CARD), source="good")
        assert torch.equal(outputs(loaded), outputs(good))


def test_a_merged_model_is_the_same_by_itself(base, base_outputs):
    one, other = adapted(base, seed=1), adapted(base, seed=2)
    expected = outputs(one), outputs(other)
    merged = one.merged()
    assert merged.name is None and merged.base is not base
    assert same(outputs(merged), expected[0])
    # the base and its adapters are as they were
    assert same(outputs(one), expected[0]) and same(outputs(other), expected[1])
    assert same(outputs(AdaptedLM.plain(base)), base_outputs)
    with torch.no_grad():
        for parameter in one.parameters().values():
            parameter.zero_()
    assert same(outputs(merged), expected[0])


@pytest.mark.parametrize(
    ("settings", "still_tied"),
    [
        ({}, True),
        ({"trainable_token_indices": [5, 6]}, True),
        ({"target_modules": ["embed_tokens", "q_proj"]}, False),
        ({"target_modules": ["lm_head", "q_proj"]}, False),
        ({"modules_to_save": ["embed_tokens"]}, False),
        ({"modules_to_save": ["lm_head"]}, False),
    ],
)
def test_embeddings_that_the_output_layer_shares_are_merged(
    tiny_base, tmp_path, settings, still_tied
):
    """Also in a checkpoint. The base keeps sharing them."""
    base = new_base(tiny_base)
    lm = adapted(base, **settings)
    expected = outputs(lm)
    write_checkpoint(lm, tmp_path / "merged")
    read = AdaptedLM.plain(new_base(tmp_path / "merged"))
    for merged in (lm.merged(), read):
        assert torch.allclose(outputs(merged), expected, atol=1e-4)
        assert merged.base.model.config.tie_word_embeddings == still_tied
    assert base.model.config.tie_word_embeddings
    assert torch.equal(outputs(lm), expected)


def test_a_base_alone_is_merged_already(base):
    lm = AdaptedLM.plain(base)
    assert lm.merged() is lm


class TooLarge(Exception):
    pass


@pytest.fixture
def little_memory(monkeypatch):
    """No new tensor may be larger than the base's largest."""
    empty = torch.empty

    def checked(*size, **options):
        device = options.get("device") or torch.get_default_device()
        tensor = empty(*size, **options | {"device": "meta"})
        if tensor.numel() > 100_000 and torch.device(device).type != "meta":
            raise TooLarge
        return empty(*size, **options)

    monkeypatch.setattr(torch, "empty", checked)


@pytest.mark.parametrize(
    "change",
    [
        {"r": 200_000},
        {"rank_pattern": {"q_proj": 200_000}},
        {"target_modules": ["q_proj", "embed_tokens"]},
    ],
)
def test_what_the_tensors_do_not_hold_takes_no_memory(
    base, base_outputs, little_memory, change
):
    good = adapted(base)
    claims = Adapter(good.config() | change, good.weights(), CARD)
    with pytest.raises(ValueError, match="E325.*some/folder.*lora_"):
        AdaptedLM.loaded(base, claims, source="some/folder")
    assert same(outputs(AdaptedLM.plain(base)), base_outputs)


@pytest.mark.parametrize(
    "claim", [[1] * 1_000_000, {"embed_tokens": [1] * 1_000_000}, [5, 6, 7]]
)
@pytest.mark.parametrize("trained", [{}, {"trainable_token_indices": [5, 6]}])
def test_tokens_that_the_tensors_do_not_hold_are_not_attached(
    tiny_base, little_memory, monkeypatch, claim, trained
):
    good = adapted(new_base(tiny_base), **trained)
    config = good.config() | {"trainable_token_indices": claim}
    base = new_base(tiny_base)
    monkeypatch.setattr(base, "attach", None)
    with pytest.raises(ValueError, match="E325.*some/folder.*trainable_token_indices"):
        AdaptedLM.loaded(
            base, Adapter(config, good.weights(), CARD), source="some/folder"
        )


@pytest.mark.parametrize("tokens", [[5, 6], {"embed_tokens": [5, 6]}])
def test_trained_tokens_are_loaded(tiny_base, tokens):
    good = adapted(new_base(tiny_base), trainable_token_indices=tokens)
    loaded = AdaptedLM.loaded(new_base(tiny_base), good.adapter(CARD), source="good")
    assert torch.equal(outputs(loaded), outputs(good))


def test_a_head_that_its_tensors_do_not_hold_takes_no_memory(base, little_memory):
    lm = adapted(base)
    card = AdapterCard(base="tiny", head=HeadCard(size=10**9))
    head = save(PointerHead(64, 8).state_dict())
    with pytest.raises(ValueError, match="E325.*some/folder.*key.weight"):
        AdaptedLM.loaded(
            base, Adapter(lm.config(), lm.weights(), card, head), source="some/folder"
        )


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_numbers_that_are_not_finite_are_named(base, value):
    lm = adapted(base)
    weights = spoil(lm, lambda tensors: tensors[FIRST][0].fill_(value))
    with pytest.raises(ValueError, match=f"E335.*some/folder.*{FIRST}"):
        AdaptedLM.loaded(
            base, Adapter(lm.config(), weights, CARD), source="some/folder"
        )


def test_a_new_adapter_has_no_regular_expressions(base):
    """It would be saved, and refused when it comes back."""
    with pytest.raises(ValueError, match="E336.*lora.*target_modules"):
        AdaptedLM.fresh(base, LORA | {"target_modules": r".*\.q_proj"})


@pytest.mark.parametrize(
    "setting",
    [
        {"lora_bias": True},
        {"ensure_weight_tying": True},
        {"runtime_config": {}},
        {"bias": "all"},
        {"init_lora_weights": "mica"},
    ],
)
def test_a_new_adapter_has_no_settings_that_are_refused_later(base, setting):
    with pytest.raises(ValueError, match=f"E714.*{next(iter(setting))}"):
        AdaptedLM.fresh(base, LORA | setting)


def test_what_is_saved_has_no_argument_that_could_not_be_read(base, monkeypatch):
    """As if a later PEFT had added one."""
    known = KNOWN - {"qalora_group_size"}
    monkeypatch.setattr("spacy_padellm.adapters.adapted.KNOWN", known)
    monkeypatch.setattr("spacy_padellm.adapters.checks.KNOWN", known)
    lm = adapted(base)
    read = Adapter.from_dict(lm.adapter(CARD).to_dict(), Path("bytes"))
    again = AdaptedLM.loaded(base, read, source="bytes")
    assert torch.equal(outputs(again), outputs(lm))
    assert again.config() == lm.config()


def test_an_argument_that_peft_lacks_is_told(base):
    with pytest.raises(ValueError, match="E713.*rank"):
        AdaptedLM.fresh(base, LORA | {"rank": 8})


@pytest.mark.parametrize(
    "setting",
    [
        {"lora_dropout": 0.5},
        {"task_type": "SEQ_CLS"},
        {"fan_in_fan_out": True},
        {"inference_mode": True},
        {"loftq_config": {"loftq_bits": 4}},
        {"eva_config": {"rho": 2.0}},
        {"corda_config": {}},
        {"lora_ga_config": {}},
        {"megatron_core": "antigravity", "qalora_group_size": 3},
        {"auto_mapping": {"base_model_class": "X", "parent_library": "antigravity"}},
        {"base_model_name_or_path": "/nonesuch", "revision": "x", "peft_version": "9"},
    ],
    ids=str,
)
def test_settings_without_effect_have_none(base, setting):
    plain = adapted(base)
    config = plain.config() | setting
    read = Adapter(config, plain.weights(), CARD)
    loaded = AdaptedLM.loaded(base, read, source="some/folder")
    trained = adapted(base, **setting)
    expected = outputs(plain)
    for lm in (loaded, loaded, trained, trained):
        assert torch.equal(outputs(lm), expected)
    assert all(parameter.requires_grad for parameter in trained.parameters().values())


def test_modules_that_all_linear_leaves_out_are_not_missed(base):
    lm = adapted(base, exclude_modules=["q_proj"])
    config = lm.config() | {"target_modules": "all-linear"}
    read = Adapter(config, lm.weights(), CARD)
    loaded = AdaptedLM.loaded(base, read, source="some/folder")
    assert torch.equal(outputs(loaded), outputs(lm))


@pytest.mark.parametrize("lora", [{"r": 4}, {"r": 4, "target_modules": None}])
def test_peft_chooses_the_modules_of_a_config_that_names_none(tiny_base, lora):
    base = new_base(tiny_base)
    assert {path.split(".")[-1] for path in targets(base.model, lora_config(lora))} == {
        "q_proj",
        "v_proj",
    }
    lm = AdaptedLM.fresh(base, lora)
    config = lm.config() | {"target_modules": None}
    read = Adapter(config, lm.weights(), CARD)
    loaded = AdaptedLM.loaded(base, read, source="some/folder")
    assert loaded.weights() == lm.weights()


def test_modules_that_peft_chooses_by_an_expression_are_saved_by_name(
    base, monkeypatch
):
    """As it does for Gemma 4."""
    expression = r".*\.layers\..*\.(q_proj|v_proj)"
    monkeypatch.setitem(MAPPING, "llama", expression)
    lm = adapted(base, target_modules=None)
    paths = {
        f"model.layers.{layer}.self_attn.{name}"
        for layer in range(2)
        for name in ("q_proj", "v_proj")
    }
    lora = lora_config({"r": 4, "target_modules": None})
    assert set(targets(base.model, lora)) == paths
    unnamed = Adapter(lm.config() | {"target_modules": None}, lm.weights(), CARD)
    for one in (lm, AdaptedLM.loaded(base, unnamed, source="some/folder")):
        read = Adapter.from_dict(one.adapter(CARD).to_dict(), Path("bytes"))
        assert set(read.config["target_modules"]) == paths
        loaded = AdaptedLM.loaded(base, read, source="bytes")
        assert torch.equal(outputs(loaded), outputs(lm))
