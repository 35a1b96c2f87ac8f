"""The fingerprint depends on the weights, but not on how they are stored."""

import json
import shutil

import pytest
import torch
from safetensors.torch import load_file, save_file

from spacy_padellm.bases.fingerprint import base_fingerprint, weight_files

# What every machine must get from the embedded base: adapters name their base by it.
EMBEDDED = "f79873970fa581fbf22ca19bd8918af0324cea4660309a3ca6ab3f333d217209"


def write(folder, **tensors):
    folder.mkdir(parents=True, exist_ok=True)
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    return base_fingerprint(folder)


def test_it_is_stable_and_depends_on_neither_folder_nor_tensor_order(tmp_path):
    a, b = torch.arange(6.0).reshape(2, 3), torch.ones(4)
    first = write(tmp_path / "first", a=a, b=b)
    assert first == write(tmp_path / "second", b=b, a=a)
    assert first == base_fingerprint(tmp_path / "first")
    assert len(first) == 64


@pytest.mark.parametrize(
    "change",
    [
        {"a": torch.tensor([0.0, 1, 2, 3, 4, 6]).reshape(2, 3)},  # one value
        {"a": torch.arange(6.0).reshape(3, 2)},  # the shape alone
        {"a": torch.arange(6.0).reshape(2, 3).to(torch.float16)},  # the type
        {"c": torch.zeros(1)},  # one tensor more
    ],
)
def test_it_changes_with_the_tensors(tmp_path, change):
    tensors = {"a": torch.arange(6.0).reshape(2, 3), "b": torch.ones(4)}
    assert write(tmp_path / "x", **tensors) != write(tmp_path / "y", **tensors | change)


@pytest.mark.parametrize("at", [0, 5_000, 9_999])
def test_start_middle_and_end_of_a_long_tensor_count(tmp_path, at):
    long = torch.zeros(10_000)
    before = write(tmp_path / "x", long=long)
    long[at] = 1.0
    assert write(tmp_path / "y", long=long) != before


def test_shards_give_the_same_as_one_file(tmp_path):
    a, b = torch.arange(6.0), torch.ones(4)
    one = write(tmp_path / "one", a=a, b=b)
    folder = shards(tmp_path / "two", a, b)
    assert base_fingerprint(folder) == one
    assert [file.name for file in weight_files(folder)] == [
        "1.safetensors",
        "2.safetensors",
    ]


def test_a_missing_shard_is_named(tmp_path):
    folder = shards(tmp_path, torch.ones(1), torch.ones(2))
    (folder / "2.safetensors").unlink()
    with pytest.raises(ValueError, match="lacks 2.safetensors"):
        base_fingerprint(folder)


@pytest.mark.parametrize(
    "text", ["{", "[]", '{"weight_map": 3}', '{"weight_map": {"a": 3}}']
)
def test_a_corrupt_index_is_named(tmp_path, text):
    (tmp_path / "model.safetensors.index.json").write_text(text)
    with pytest.raises(ValueError, match="E306.*index.json"):
        base_fingerprint(tmp_path)


@pytest.mark.parametrize("keep", [0, 4, 40, -10])
def test_a_truncated_file_is_an_error_with_its_path(tmp_path, tiny_base, keep):
    whole = (tiny_base / "model.safetensors").read_bytes()
    (tmp_path / "model.safetensors").write_bytes(whole[:keep])
    with pytest.raises(ValueError, match=r"E306.*model\.safetensors"):
        base_fingerprint(tmp_path)


def test_a_corrupt_header_is_an_error_with_its_path(tmp_path, tiny_base):
    whole = bytearray((tiny_base / "model.safetensors").read_bytes())
    whole[8:12] = b"oops"
    (tmp_path / "model.safetensors").write_bytes(whole)
    with pytest.raises(ValueError, match="its header cannot be read"):
        base_fingerprint(tmp_path)


def test_config_and_tokenizer_do_not_count(tmp_path, tiny_base):
    shutil.copy(tiny_base / "model.safetensors", tmp_path)
    tensors = load_file(tiny_base / "model.safetensors")
    assert base_fingerprint(tmp_path) == base_fingerprint(tiny_base)
    assert write(tmp_path / "again", **tensors) == base_fingerprint(tiny_base)


def test_the_embedded_base_has_its_known_fingerprint(smollm):
    assert base_fingerprint(smollm) == EMBEDDED


def shards(folder, a, b):
    folder.mkdir(exist_ok=True)
    save_file({"a": a}, folder / "1.safetensors")
    save_file({"b": b}, folder / "2.safetensors")
    index = {"weight_map": {"a": "1.safetensors", "b": "2.safetensors"}}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    return folder
