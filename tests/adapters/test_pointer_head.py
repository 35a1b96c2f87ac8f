"""The head that goes with an adapter: saved beside it, checked before it is used."""

import json
from dataclasses import asdict, replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load, save

from spacy_padellm.adapters.adapted import AdaptedLM
from spacy_padellm.adapters.card import HEAD, AdapterCard, HeadCard
from spacy_padellm.adapters.files import Adapter, read_adapter, write_adapter
from spacy_padellm.adapters.merged import write_checkpoint
from spacy_padellm.adapters.pointer_head import PointerHead
from spacy_padellm.adapters.tensors import tensor_faults

from ..loras import LORA
from ..tree_training import disturbed

CARD = AdapterCard("tiny", "main", "abc", "Pointer", {"PER": "person"})
SIZE, WIDTH = 8, 64  # the tiny base's hidden states have this width


@pytest.fixture
def lm(open_tiny):
    """An adapter and a head, as if trained."""
    return disturbed(AdaptedLM.fresh(open_tiny, LORA, HeadCard(size=SIZE)))


@pytest.fixture
def folder(lm, tmp_path):
    write_adapter(tmp_path / "adapter", lm.adapter(CARD))
    return tmp_path / "adapter"


def change_card(folder, **changes):
    card = json.loads((folder / "padellm.json").read_text())
    (folder / "padellm.json").write_text(json.dumps(card | changes))


def same_tensors(some, other):
    return some.keys() == other.keys() and all(
        torch.equal(some[name], other[name]) for name in some
    )


def test_files_give_the_same_adapter_and_head_again(lm, folder, open_tiny):
    adapter = read_adapter(folder)
    assert adapter == lm.adapter(CARD)
    again = AdaptedLM.loaded(open_tiny, adapter, source="files")
    assert same_tensors(again.parameters(), lm.parameters())
    assert again.adapter(CARD) == adapter


def test_the_card_names_the_head(lm, folder):
    assert read_adapter(folder).card == replace(
        CARD, head=HeadCard(size=SIZE, width=WIDTH, file=HEAD)
    )
    assert (folder / HEAD).is_file()
    tensors = load((folder / HEAD).read_bytes())
    assert same_tensors(tensors, lm.head.state_dict())


def test_the_models_own_head_takes_the_place_of_the_cards(lm, open_tiny):
    claimed = replace(CARD, head=HeadCard(size=3, width=5))
    assert lm.adapter(claimed) == lm.adapter(CARD)
    without = AdaptedLM.fresh(open_tiny, LORA)
    assert without.adapter(claimed).card.head is None


def test_an_adapter_with_a_head_as_plain_data(lm):
    adapter = lm.adapter(CARD)
    assert Adapter.from_dict(adapter.to_dict(), Path("bytes")) == adapter


def test_what_is_trained_is_the_adapter_and_its_head(lm, open_tiny):
    head = {f"head.{name}" for name, _ in lm.head.named_parameters()}
    assert head == lm.parameters().keys() - lm_without_head(lm).keys()
    assert len(head) == 5
    with lm.base.active(lm.name):  # other tests have put adapters on this base
        assert all(p.requires_grad for p in lm.parameters().values())


def lm_without_head(lm):
    return lm.base.parameters(lm.name)


def test_a_new_head_expects_most_tokens_in_no_mention(open_tiny):
    lm = AdaptedLM.fresh(open_tiny, LORA, HeadCard(size=SIZE))
    assert (lm.head.width, lm.head.size) == (WIDTH, SIZE)
    assert (lm.head.bias < -1).all()


@pytest.mark.parametrize("name", ["pointer_head.safetensors", "other.safetensors"])
def test_a_missing_head(folder, name):
    (folder / HEAD).unlink()
    card = json.loads((folder / "padellm.json").read_text())
    change_card(folder, head=card["head"] | {"file": name})
    with pytest.raises(ValueError, match=f"E321.*{folder}.*{name}"):
        read_adapter(folder)


@pytest.mark.parametrize("keep", [0, 4, 30, -1])
def test_a_truncated_head(folder, keep):
    file = folder / HEAD
    file.write_bytes(file.read_bytes()[:keep])
    with pytest.raises(ValueError, match=f"E324.*{file}.*cut off"):
        read_adapter(folder)


@pytest.mark.parametrize("head", [{}, {"width": 8}, {"size": 8, "colour": "red"}, "8"])
def test_a_card_with_another_kind_of_head(folder, head):
    change_card(folder, head=head)
    with pytest.raises(ValueError, match=f"E324.*{folder}"):
        read_adapter(folder)


@pytest.mark.parametrize("size", ["8", 8.0, None, -1])
def test_a_card_with_another_kind_of_size(folder, open_tiny, size):
    change_card(folder, head={"size": size, "width": WIDTH})
    with pytest.raises(ValueError, match=f"E32[45].*{folder}"):
        AdaptedLM.loaded(open_tiny, read_adapter(folder), source=str(folder))


@pytest.mark.parametrize(
    ("width", "size", "told"),
    [
        (WIDTH, 4, r"key.weight has shape \[12, 64\] for \[24, 64\]"),
        (32, SIZE, r"key.weight has shape \[24, 32\] for \[24, 64\]"),
    ],
)
def test_a_head_of_another_size_or_width_is_told(folder, open_tiny, width, size, told):
    change_card(folder, sha256={})
    (folder / HEAD).write_bytes(save(PointerHead(width, size).state_dict()))
    with pytest.raises(ValueError, match=f"E325.*{folder}.*{told}"):
        AdaptedLM.loaded(open_tiny, read_adapter(folder), source=str(folder))


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda tensors: tensors.pop("bias"), "missing bias"),
        (lambda tensors: tensors.update(x=torch.zeros(1)), "foreign x"),
    ],
)
def test_tensors_of_a_head_that_do_not_fit_are_named(lm, change, told):
    tensors = dict(lm.head.state_dict())
    change(tensors)
    assert tensor_faults(PointerHead(WIDTH, SIZE).state_dict(), tensors) == [told]


def test_an_adapter_without_a_head_is_read_as_before(open_tiny, tmp_path):
    lm = AdaptedLM.fresh(open_tiny, LORA)
    write_adapter(tmp_path, lm.adapter(CARD))
    assert not (tmp_path / HEAD).exists()
    adapter = read_adapter(tmp_path)
    assert adapter.head is None and adapter.card == CARD
    assert AdaptedLM.loaded(open_tiny, adapter, source="files").head is None


def test_a_card_from_before_there_were_heads(open_tiny, tmp_path):
    write_adapter(tmp_path, AdaptedLM.fresh(open_tiny, LORA).adapter(CARD))
    old = {key: value for key, value in asdict(CARD).items() if key != "head"}
    (tmp_path / "padellm.json").write_text(json.dumps(old))
    assert read_adapter(tmp_path).card == CARD


def test_a_merged_checkpoint_would_lose_the_head(lm, tmp_path):
    with pytest.raises(ValueError, match="E715.*head"):
        write_checkpoint(lm, tmp_path / "merged")
    assert not (tmp_path / "merged").exists()
