"""Checksums of a base's config and tokenizer find what changes its answers."""

import shutil
from pathlib import Path

import pytest

from spacy_padellm.bases.own_files import file_digests

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
