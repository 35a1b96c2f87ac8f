"""The embedded base and the shipped adapters, damaged: an error instead of entities."""

import shutil
from pathlib import Path

import pytest
import spacy
import torch
from safetensors.torch import load_file, save_file

from spacy_padellm.adapters.shipped import shipped_folder

from ..json_files import change_json
from .conftest import found

pytestmark = pytest.mark.slow

TEXT = "Angela Merkel flew from Berlin to Paris."
BASE = "smollm2-135m-instruct"
ENGLISH = shipped_folder("smollm2-135m-english")


@pytest.fixture(scope="module")
def copied(smollm, tmp_path_factory) -> Path:
    """A folder of downloads with a copy of the base."""
    home = tmp_path_factory.mktemp("home")
    shutil.copytree(smollm, home / BASE, copy_function=shutil.copy2)
    return home


@pytest.fixture
def base(copied, smollm, monkeypatch):
    """The copy, which pipelines use in this test. Then what was changed is restored."""
    monkeypatch.setenv("SPACY_PADELLM_HOME", str(copied))
    yield copied / BASE
    for file in smollm.iterdir():
        there = copied / BASE / file.name
        if file.suffix != ".safetensors" or there.read_bytes() != file.read_bytes():
            shutil.copy2(file, there)


def answer(**model):
    nlp = spacy.blank("en")
    nlp.add_pipe("padellm_ner", config={"model": {"device": "cpu", **model}})
    return found(nlp(TEXT))


def refused(code: str, path: Path | str, **model) -> None:
    with pytest.raises(ValueError, match=code) as error:
        answer(**model)
    assert str(path) in str(error.value)


def set_rope(config: dict) -> None:
    for place in (config, config.get("rope_parameters", {})):
        if "rope_theta" in place:
            place["rope_theta"] = 10_000.0


CHANGES = {
    "rope base": ("config.json", set_rope),
    "epsilon": ("config.json", lambda config: config.update(rms_norm_eps=0.1)),
    "end token": ("config.json", lambda config: config.update(eos_token_id=0)),
    "vocabulary": (
        "tokenizer.json",
        lambda tokenizer: tokenizer["model"]["vocab"].update(
            {"ĠParis": tokenizer["model"]["vocab"]["ĠBerlin"]}
        ),
    ),
    "added token": (
        "tokenizer.json",
        lambda tokenizer: tokenizer["added_tokens"].append(
            {**tokenizer["added_tokens"][0], "content": "Berlin", "special": False}
        ),
    ),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_file_of_the_base_that_was_changed(base, change):
    file, apply = CHANGES[change]
    change_json(base / file, apply)
    refused("E337", base)


def test_sixteen_bytes_of_the_weights_are_overwritten(base):
    with (base / "model.safetensors").open("r+b") as weights:
        weights.seek(200_000_000)
        assert weights.read(16) != bytes(16)
        weights.seek(200_000_000)
        weights.write(bytes(16))
    refused("E337", base)


def test_the_whole_base_still_answers(base):
    assert ("Angela Merkel", "PER") in answer()


# -- adapters -------------------------------------------------------------------------


@pytest.fixture
def adapter(smollm, tmp_path) -> Path:
    return Path(shutil.copytree(ENGLISH, tmp_path / "adapter"))


def other_weights(adapter: Path, change) -> None:
    file = adapter / "adapter_model.safetensors"
    save_file({name: change(one) for name, one in load_file(file).items()}, file)


def without_checksums(adapter: Path) -> None:
    """As another program would save it."""
    change_json(adapter / "padellm.json", lambda card: card.pop("sha256"))


def of_another_adapter(adapter: Path) -> None:
    file = "adapter_model.safetensors"
    shutil.copy2(shipped_folder("smollm2-135m-english-padellm") / file, adapter / file)


def cast(adapter: Path) -> None:
    other_weights(adapter, lambda one: (one * 100).to(torch.int8).to(one.dtype))


def settings(**changed):
    def change(adapter: Path) -> None:
        change_json(adapter / "adapter_config.json", lambda all: all.update(changed))

    return change


@pytest.mark.parametrize(
    "change",
    [
        cast,
        of_another_adapter,
        settings(lora_alpha=1e30),
        settings(use_rslora=False),
    ],
    ids=["cast to int8", "another adapter", "lora_alpha", "rslora"],
)
def test_an_adapter_of_equal_shape(adapter, change):
    before = shapes(adapter)
    change(adapter)
    assert shapes(adapter) == before
    refused("E334", adapter, adapter=str(adapter))


def shapes(adapter: Path) -> dict[str, torch.Size]:
    weights = load_file(adapter / "adapter_model.safetensors")
    return {name: one.shape for name, one in weights.items()}


def test_nan_in_an_adapter(adapter):
    other_weights(adapter, lambda one: torch.full_like(one, torch.nan))
    without_checksums(adapter)
    refused("E3", adapter, adapter=str(adapter))


def test_a_rank_that_is_not_in_the_weights(adapter):
    """It took 10 GB before it was refused."""
    without_checksums(adapter)
    settings(r=200_000)(adapter)
    before = peak()
    refused("E325", adapter, adapter=str(adapter))
    assert peak() - before < 1_000_000


def peak() -> int:
    """Of this process's memory so far, in kB."""
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def test_an_adapter_that_changes_the_embedding_leaves_other_pipelines_alone(adapter):
    """Another pipeline went from three entities to none."""
    expected = answer()
    without_checksums(adapter)
    settings(trainable_token_indices=[1, 2, 3])(adapter)
    refused("E325", adapter, adapter=str(adapter))
    assert answer() == expected
    settings(trainable_token_indices=None)(adapter)
    assert answer(adapter=str(adapter)) == expected
