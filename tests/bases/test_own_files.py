"""Checksums of a base's files find what changes its answers."""

import json
import os
import shutil
from pathlib import Path

import pytest

from spacy_padellm.bases.fingerprint import base_fingerprint
from spacy_padellm.bases.manifest import write_manifest
from spacy_padellm.bases.own_files import check_file_digests, file_digests
from spacy_padellm.bases.weights import resolve_base

from ..json_files import change_json
from .test_weights import change_config


@pytest.fixture
def base(tiny_base, tmp_path) -> Path:
    return Path(shutil.copytree(tiny_base, tmp_path / "base"))


@pytest.mark.parametrize(
    "change",
    [
        {"rms_norm_eps": 0.1},
        {"rope_parameters": {"rope_theta": 5.0, "rope_type": "default"}},
        {"hidden_act": "gelu"},
        {"num_key_value_heads": 4},
    ],
)
def test_another_config(base, tiny_base, change):
    change_config(base, **change)
    found, before = file_digests(base), file_digests(tiny_base)
    assert found["config"] != before["config"]
    assert found["tokenizer"] == before["tokenizer"]


@pytest.mark.parametrize(
    ("file", "change"),
    [
        ("tokenizer.json", lambda data: data["model"]["merges"].pop()),
        ("tokenizer_config.json", lambda data: data.update(eos_token="a")),
    ],
)
def test_another_tokenizer(base, tiny_base, file, change):
    change_json(base / file, change)
    found, before = file_digests(base), file_digests(tiny_base)
    assert found["tokenizer"] != before["tokenizer"]
    assert found["config"] == before["config"]


def test_what_changes_no_answer(base, tiny_base):
    change_config(base, transformers_version="9", dtype="bfloat16", eos_token_id=1)
    change_json(
        base / "tokenizer_config.json", lambda data: data.update(chat_template="x")
    )
    assert file_digests(base) == file_digests(tiny_base)


@pytest.mark.parametrize("name", ["qwen.tiktoken", "sentencepiece.bpe.model"])
def test_a_vocabulary_with_a_name_of_its_own(base, name):
    before = file_digests(base)
    (base / name).write_bytes(b"a")
    one = file_digests(base)
    (base / name).write_bytes(b"b")
    assert len({found["tokenizer"] for found in (before, one, file_digests(base))}) == 3


def change_one_byte(weights: Path) -> None:
    """Between the samples of the fingerprint."""
    header = int.from_bytes(weights.read_bytes()[:8], "little")
    tensors = json.loads(weights.read_bytes()[8 : 8 + header])
    start, end = max(
        (tensors[name]["data_offsets"] for name in tensors if name != "__metadata__"),
        key=lambda offsets: offsets[1] - offsets[0],
    )
    state = weights.stat()
    with weights.open("r+b") as stream:
        stream.seek(8 + header + start + (end - start) // 4)
        byte = stream.read(1)[0]
        stream.seek(-1, os.SEEK_CUR)
        stream.write(bytes([byte ^ 1]))
    os.utime(weights, ns=(state.st_atime_ns, state.st_mtime_ns + 1))


def test_a_byte_between_the_samples_of_the_weights(base, tiny_base):
    expected = file_digests(base)
    assert expected == file_digests(tiny_base)
    check_file_digests(expected, base, trained="b", source="a")
    change_one_byte(base / "model.safetensors")
    assert base_fingerprint(base) == base_fingerprint(tiny_base)
    with pytest.raises(ValueError, match="E338.*'b'.*adapter a .*its weights"):
        check_file_digests(expected, base, trained="b", source="a")


def test_cards_of_earlier_versions_have_no_checksum_of_weights(base):
    expected = file_digests(base)
    del expected["weights"]
    change_one_byte(base / "model.safetensors")
    check_file_digests(expected, base, trained="b", source="a")


@pytest.mark.parametrize(
    ("file", "change"),
    [
        ("config.json", lambda file: change_json(file, lambda d: d.update(eps=1))),
        ("model.safetensors", change_one_byte),
    ],
)
def test_a_copy_of_an_embedded_base_is_checked_like_it(base, tmp_path, file, change):
    write_manifest(base, name="smollm2-135m-instruct", fingerprint="")
    copy = Path(shutil.copytree(base, tmp_path / "copy"))
    (copy / "tokenizer_config.json").unlink()  # such files need not be copied
    assert resolve_base(str(copy)) == copy
    change(copy / file)
    with pytest.raises(ValueError, match=f"E342.*smollm2-135m-instruct.*{file}"):
        resolve_base(str(copy))
    (copy / "base.json").unlink()
    assert resolve_base(str(copy)) == copy


@pytest.mark.parametrize("name", ["my-base", ["smollm2-135m-instruct"], 7])
def test_a_base_json_of_another_program_is_no_copy(base, name):
    write_manifest(base, name=name, fingerprint="")
    change_json(base / "config.json", lambda config: config.update(eps=1))
    assert resolve_base(str(base)) == base
