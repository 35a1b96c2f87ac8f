"""An adapter's folder is PEFT's; what is wrong with one is said before it is used."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from peft import LoraConfig
from safetensors.torch import save

from spacy_padellm.adapters.card import AdapterCard
from spacy_padellm.adapters.checks import KNOWN, SUPPORTED, UNSUPPORTED, WITHOUT_EFFECT
from spacy_padellm.adapters.files import (
    Adapter,
    read_adapter,
    write_adapter,
)
from spacy_padellm.adapters.shipped import SHIPPED, shipped_folder

from ..json_files import change_json

CARD = AdapterCard(
    "base", "main", "abc", "PaDeLLM compact", {"PER": "person", "A": "東"}
)


@pytest.fixture
def adapter():
    config = {"peft_type": "LORA", "r": 4, "target_modules": ["q_proj"]}
    return Adapter(config, save({"a": torch.arange(6.0)}), CARD)


@pytest.fixture
def folder(adapter, tmp_path):
    write_adapter(tmp_path / "adapter", adapter)
    return tmp_path / "adapter"


def refused(folder, *told):
    with pytest.raises(ValueError) as error:
        read_adapter(folder)
    assert str(folder) in str(error.value)
    for part in told:
        assert str(part) in str(error.value)


def test_what_is_written_is_read(folder, adapter):
    assert read_adapter(folder) == adapter
    assert Adapter.from_dict(adapter.to_dict(), Path("bytes")) == adapter
    assert sorted(file.name for file in folder.iterdir()) == [
        "adapter_config.json",
        "adapter_model.safetensors",
        "padellm.json",
    ]


def test_a_card_of_an_earlier_version_has_the_same_checksum(folder, adapter):
    """Saved pipelines compare it."""
    card = json.loads((folder / "padellm.json").read_text())
    assert not {"join_tokens", "layers", "breadths"} & card.keys()
    joined = replace(adapter, card=replace(CARD, join_tokens=96))
    assert joined.digest != adapter.digest
    write_adapter(folder, joined)
    assert read_adapter(folder).card.join_tokens == 96


def test_labels_keep_their_order(folder):
    assert list(read_adapter(folder).card.labels) == ["PER", "A"]


def test_a_peft_folder_without_a_card_is_read(folder):
    (folder / "padellm.json").unlink()
    assert read_adapter(folder).card == AdapterCard(base="")


def test_a_missing_folder(tmp_path):
    refused(tmp_path / "nowhere", "E320", "adapter = 'default'")


@pytest.mark.parametrize("file", ["adapter_config.json", "adapter_model.safetensors"])
def test_a_missing_file(folder, file):
    (folder / file).unlink()
    refused(folder, "E321", file)


def test_pickled_weights(folder):
    """Their name is told; they are never opened."""
    (folder / "adapter_model.safetensors").rename(folder / "adapter_model.bin")
    refused(folder, "E322", "adapter_model.bin", "save_pretrained")


@pytest.mark.parametrize("keep", [0, 4, 30, -1])
def test_truncated_weights(folder, keep):
    file = folder / "adapter_model.safetensors"
    file.write_bytes(file.read_bytes()[:keep])
    refused(folder, "E324", file.name, "cut off")


@pytest.mark.parametrize("file", ["adapter_config.json", "padellm.json"])
@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'"x"', b"\xff\xfe{}"])
def test_damaged_json(folder, file, content):
    (folder / file).write_bytes(content)
    refused(folder, "E324", file)


@pytest.mark.parametrize("card", [{}, {"base": "b", "colour": "red"}])
def test_a_card_of_another_kind(folder, card):
    (folder / "padellm.json").write_text(json.dumps(card))
    refused(folder, "E324", "padellm.json")


@pytest.mark.parametrize("kind", ["PROMPT_TUNING", "IA3", None])
def test_an_adapter_of_another_kind(folder, adapter, kind):
    write_config(folder, adapter, peft_type=kind)
    refused(folder, "E323", repr(kind))


@pytest.mark.parametrize(
    "setting",
    [
        {"bias": "all"},
        {"init_lora_weights": "pissa_niter_4"},
        {"init_lora_weights": "olora"},
        {"layer_replication": [[0, 2], [1, 2]]},
        {"lora_bias": True},
        {"ensure_weight_tying": True},
        {"runtime_config": {"ephemeral_gpu_offload": False}},
        {"an_argument_of_a_later_peft": 16},
    ],
)
def test_an_adapter_that_would_change_the_shared_base(folder, adapter, setting):
    write_config(folder, adapter, **setting)
    ((name, value),) = setting.items()
    refused(folder, "E327", f"{name} = {value!r}")


def test_settings_that_leave_the_base_alone_are_read(folder, adapter):
    settings = {
        "bias": "none",
        "lora_bias": False,
        "ensure_weight_tying": False,
        "an_argument_of_an_earlier_peft": None,
        "init_lora_weights": "gaussian",
        "layer_replication": None,
        "use_rslora": True,
    }
    write_config(folder, adapter, **settings)
    assert read_adapter(folder).config == adapter.config | settings


def write_config(folder, adapter, **changes):
    """As another program would write it: without checksums."""
    write_adapter(folder, adapter)
    card = json.loads((folder / "padellm.json").read_text())
    del card["sha256"]
    (folder / "padellm.json").write_text(json.dumps(card))
    config = json.dumps(adapter.config | changes)
    (folder / "adapter_config.json").write_text(config)


@pytest.mark.parametrize(
    ("dtype", "name"),
    [("int8", "I8"), ("bool", "BOOL"), ("float8_e4m3fn", "F8_E4M3"), ("uint16", "U16")],
)
def test_weights_that_are_no_floats(folder, dtype, name):
    """PEFT would cast them, also if they have been quantized."""
    tensor = torch.ones(6).to(getattr(torch, dtype))
    (folder / "adapter_model.safetensors").write_bytes(save({"a": tensor}))
    refused(folder, "E324", "adapter_model.safetensors", "a has", name)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float64"])
def test_weights_of_other_floats(folder, adapter, dtype):
    change_json(folder / "padellm.json", lambda card: card.pop("sha256"))
    tensor = torch.arange(6.0).to(getattr(torch, dtype))
    (folder / "adapter_model.safetensors").write_bytes(save({"a": tensor}))
    assert read_adapter(folder).config == adapter.config


# -- checksums ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "change",
    [
        {"lora_alpha": 1e30},
        {"use_rslora": True},
        {"r": 8},
    ],
)
def test_a_config_that_was_changed_is_named(folder, change):
    change_json(folder / "adapter_config.json", lambda config: config.update(change))
    refused(folder, "E334", "another adapter_config.json")


def test_weights_of_equal_shape_are_named(folder, adapter):
    other = save({"a": torch.arange(6.0).flip(0)})
    assert len(other) == len(adapter.weights)
    (folder / "adapter_model.safetensors").write_bytes(other)
    refused(folder, "E334", "another adapter_model.safetensors")


def test_checksums_do_not_depend_on_line_ends_and_spaces(folder, adapter):
    """A version control may change those."""
    for name in ("adapter_config.json", "padellm.json"):
        text = (folder / name).read_text().replace("\n", "\r\n").replace("  ", " ")
        (folder / name).write_text(text)
    assert read_adapter(folder) == adapter


def test_a_card_without_checksums_is_read(folder, adapter):
    change_json(folder / "padellm.json", lambda card: card.pop("sha256"))
    change_json(folder / "adapter_config.json", lambda config: config.update(r=8))
    assert read_adapter(folder).config["r"] == 8


@pytest.mark.parametrize("sha256", ["x", {"adapter_config.json": "x"}, [1]])
def test_checksums_of_another_kind(folder, sha256):
    change_json(folder / "padellm.json", lambda card: card.update(sha256=sha256))
    refused(folder, "padellm.json")


def test_shipped_adapters_have_checksums():
    for one in (one for adapters in SHIPPED.values() for one in adapters.values()):
        card = json.loads((shipped_folder(one.folder) / "padellm.json").read_text())
        assert len(card["sha256"]) == 2 + (card.get("head") is not None)


# -- configs from anybody -------------------------------------------------------------


@pytest.mark.parametrize(
    "setting",
    [
        {"target_modules": "(.*a)*b"},
        {"target_modules": ["(a+)+$"]},
        {"target_modules": "q_proj"},
        {"exclude_modules": "(a+)+$"},
        {"rank_pattern": {"(a+)+$": 4}},
        {"alpha_pattern": {"(a+)+$": 4}},
        {"rank_pattern": [4]},
        {"layers_pattern": "(a+)+"},
        {"layers_pattern": ["(a+)+"]},
        {"modules_to_save": ["(a+)+"]},
        {"lora_alpha": float("inf")},
        {"lora_alpha": "32"},
        {"alpha_pattern": {"q_proj": None, "k_proj": float("nan")}},
        {"lora_alpha": 10**400},
        {"alpha_pattern": {"q_proj": 10**400}},
        {"trainable_token_indices": 3},
        {"trainable_token_indices": "abc"},
        {"trainable_token_indices": [-1]},
        {"trainable_token_indices": [1.5]},
        {"trainable_token_indices": [10**400]},
        {"trainable_token_indices": {"(a+)+$": [1]}},
        {"trainable_token_indices": {"embed_tokens": 1}},
    ],
)
def test_regular_expressions_and_odd_numbers_are_refused(folder, adapter, setting):
    write_config(folder, adapter, **setting)
    refused(folder, "E336", folder / "adapter_config.json")


@pytest.mark.parametrize(
    "setting",
    [
        {"target_modules": "all-linear"},
        {"exclude_modules": ["lm_head"], "layers_pattern": "layers"},
        {"rank_pattern": {"^model.layers.0.self_attn.q_proj": 8}},
        {"trainable_token_indices": [5, 6]},
        {"trainable_token_indices": {"embed_tokens": [5, 6]}},
    ],
)
def test_names_are_read(folder, adapter, setting):
    write_config(folder, adapter, **setting)
    assert read_adapter(folder).config == adapter.config | setting


@pytest.mark.parametrize(
    "setting",
    [
        {"megatron_config": {}, "megatron_core": "antigravity"},
        {"alora_invocation_tokens": [1]},
        {"target_parameters": ["experts.gate_up_proj"]},
    ],
)
def test_settings_that_run_code_or_need_other_passes(folder, adapter, setting):
    write_config(folder, adapter, **setting)
    refused(folder, "E327", next(iter(setting)))


def test_what_ms_swift_adds_is_read(folder, adapter):
    added = {"lorap_emb_lr": 1e-6, "lorap_lr_ratio": 16, "swift_type": "LORA"}
    added["lora_dtype"] = "float32"
    write_config(folder, adapter, **added)
    assert read_adapter(folder).config == adapter.config | added


def test_an_unknown_argument_may_be_deleted(folder, adapter):
    write_config(folder, adapter, optimiser="sgd")
    refused(folder, "E327", "optimiser = 'sgd'", "delete it from adapter_config.json")


def test_all_arguments_of_the_installed_peft_are_known():
    """If this fails: does an argument change what is computed, saved or merged? Add it
    to the table where it belongs, and test it."""
    assert LoraConfig.__dataclass_fields__.keys() - KNOWN == set()
    assert not SUPPORTED & WITHOUT_EFFECT
    assert not UNSUPPORTED.keys() & (SUPPORTED | WITHOUT_EFFECT)


@pytest.mark.parametrize(
    "file", ["../../x.safetensors", "/etc/passwd", 7, "", "adapter_model.safetensors"]
)
def test_a_head_elsewhere_is_not_read(folder, file):
    head = {"size": 4, "width": 8, "file": file}
    change_json(folder / "padellm.json", lambda card: card.update(head=head))
    refused(folder, "E324", "padellm.json")


@pytest.mark.parametrize(
    "value",
    [
        *([], "x", {"a": "2"}, {"a": True}, {"a": None}),
        *({"a": 0}, {"a": 0.9}, {"a": 1e999}, {"a": 10**400}),
    ],
)
def test_breadths_that_are_none(folder, value):
    change_json(folder / "padellm.json", lambda card: card.update(breadths=value))
    refused(folder, "E324", "padellm.json", "breadths")


def test_a_breadth_may_be_a_whole_number(folder):
    """Other tools write 2.0 as 2."""
    change_json(folder / "padellm.json", lambda card: card.update(breadths={"a": 2}))
    assert read_adapter(folder).card.breadths == {"a": 2}


@pytest.mark.parametrize("name", ["join_tokens", "layers"])
@pytest.mark.parametrize("value", [0, -1, "96", 9.5, True])
def test_numbers_in_the_card_that_are_none(folder, name, value):
    change_json(folder / "padellm.json", lambda card: card.update({name: value}))
    refused(folder, "E324", "padellm.json", name)


@pytest.mark.parametrize(
    "labels",
    [{"A": "person\nplace"}, {"": ""}, {"A": " b"}, {"A": "b", "C": "b"}],
)
def test_labels_that_no_component_takes(folder, labels):
    change_json(folder / "padellm.json", lambda card: card.update(labels=labels))
    refused(folder, "E324", "padellm.json", "[E50")


@pytest.mark.parametrize("file", ["adapter_config.json", "padellm.json"])
def test_text_that_could_not_be_saved_again(folder, file):
    change_json(folder / file, lambda data: data.update(revision="\ud800"))
    refused(folder, "E324", file, "surrogates not allowed")


@pytest.mark.parametrize("labels", [{"A": "x\ud800"}, {"\udc00": "x"}])
def test_labels_that_are_no_text(folder, labels):
    change_json(folder / "padellm.json", lambda card: card.update(labels=labels))
    refused(folder, "E324", "padellm.json", "[E504]")


def test_deep_json(folder):
    (folder / "padellm.json").write_text("[" * 1_000_000)
    refused(folder, "E324", "padellm.json")
