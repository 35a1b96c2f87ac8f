"""An adapter's folder is PEFT's; what is wrong with one is said before it is used."""

import json

import pytest
import torch
from safetensors.torch import save

from spacy_padellm.adapters.files import (
    Adapter,
    AdapterCard,
    read_adapter,
    write_adapter,
)

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
        assert part in str(error.value)


def test_what_is_written_is_read(folder, adapter):
    assert read_adapter(folder) == adapter
    assert Adapter.from_dict(adapter.to_dict()) == adapter
    assert sorted(file.name for file in folder.iterdir()) == [
        "adapter_config.json",
        "adapter_model.safetensors",
        "padellm.json",
    ]


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
    ],
)
def test_an_adapter_that_would_change_the_shared_base(folder, adapter, setting):
    write_config(folder, adapter, **setting)
    ((name, value),) = setting.items()
    refused(folder, "E327", f"{name} = {value!r}")


def test_settings_that_leave_the_base_alone_are_read(folder, adapter):
    settings = {
        "bias": "none",
        "init_lora_weights": "gaussian",
        "layer_replication": None,
        "use_rslora": True,
    }
    write_config(folder, adapter, **settings)
    assert read_adapter(folder).config == adapter.config | settings


def write_config(folder, adapter, **changes):
    config = json.dumps(adapter.config | changes)
    (folder / "adapter_config.json").write_text(config)
