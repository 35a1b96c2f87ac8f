"""Adapters that come with a base have names; all others are folders."""

import re
from pathlib import Path

import pytest

from spacy_padellm.adapters.files import read_adapter
from spacy_padellm.adapters.shipped import (
    SHIPPED,
    ShippedAdapter,
    adapter_folder,
    shipped_for,
)
from spacy_padellm.bases.embedded import EMBEDDED

SMOLLM2 = "smollm2-135m-instruct"


@pytest.mark.parametrize(
    ("base", "name"), [(base, name) for base in SHIPPED for name in SHIPPED[base]]
)
def test_they_are_small_and_say_what_they_belong_to(base, name):
    adapter = read_adapter(adapter_folder(name, base))
    assert len(adapter.weights) < 16 * 2**20
    assert adapter.card.base == base and base in EMBEDDED
    assert adapter.card.fingerprint and adapter.card.labels
    assert re.match(r"\w+", adapter.card.format)[0] == SHIPPED[base][name].format


def test_auto_is_the_default_of_the_base_if_it_has_one():
    assert adapter_folder("auto", SMOLLM2) == adapter_folder("default", SMOLLM2)
    assert adapter_folder("auto", SMOLLM2).name == "smollm2-135m-english"
    assert adapter_folder("auto", "/some/folder") is None


def test_null_is_none():
    assert adapter_folder(None, SMOLLM2) is None


def test_a_copy_of_a_base_may_name_its_adapters():
    assert adapter_folder("chinese", "/some/folder").name == "smollm2-135m-chinese"


def test_other_names_are_folders(monkeypatch, tmp_path):
    assert adapter_folder("./chinese", SMOLLM2) == Path("chinese")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert adapter_folder("~/x", SMOLLM2) == tmp_path / "x"


def test_an_adapter_of_another_base_is_refused(monkeypatch):
    english = ShippedAdapter("another-english", "Pointer", "en")
    monkeypatch.setitem(SHIPPED, "another", {"default": english})
    with pytest.raises(ValueError, match=r"E328.*'another'.*'chinese'.*default\. Use"):
        adapter_folder("chinese", "another")


@pytest.mark.parametrize(
    ("base", "format", "lang", "name"),
    [
        (SMOLLM2, "Pointer", "en", "default"),
        (SMOLLM2, "PaDeLLM", "en", "english-padellm"),
        (SMOLLM2, "PaDeLLM", "zh", "chinese"),
        (SMOLLM2, "Pointer", "zh", None),
        ("gemma-3-270m", "Pointer", "zh", "chinese"),
        ("gemma-3-270m", "PaDeLLM", "en", None),
        ("/some/folder", "Pointer", "en", None),
    ],
)
def test_which_one_ships_for_a_format_and_a_language(base, format, lang, name):
    assert shipped_for(base, format, lang) == name
