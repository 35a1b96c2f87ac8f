"""What the scripts that make the English adapter's training mix change in texts."""

import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load, save

from spacy_padellm.corpora.base import AnnotatedText, Entity

sys.path.insert(0, str(Path(__file__).parents[2] / "scripts"))
from average_adapters import mean  # noqa: E402
from english_sets import with_nationalities  # noqa: E402
from open_labels import capitalised, natural_name  # noqa: E402


def test_demonyms_are_nationalities_and_places_stay():
    text = AnnotatedText(
        "Irish and Oslo and German",
        (Entity(0, 5, "LOC"), Entity(10, 14, "LOC"), Entity(19, 25, "MISC")),
    )
    labels = [entity.label for entity in with_nationalities(text).entities]
    assert labels == ["NORP", "LOC", "MISC"]


def test_names_get_capitals_and_kinds_do_not():
    words = "he ate fried rice with lord of the rings fan jo o'hara".split()
    text = AnnotatedText.from_words(
        words, [(2, 4, "Food"), (5, 9, "Work"), (10, 12, "Artist")]
    )
    changed = capitalised(text, {"Work", "Artist"})
    assert changed.text == "He ate fried rice with Lord of the Rings fan Jo O'Hara"
    assert list(changed.words) == changed.text.split()
    assert changed.entities == text.entities


def test_a_letter_without_one_capital_stays():
    text = AnnotatedText.from_words(["ßa", "is", "ßa"], [(2, 3, "Artist")])
    assert capitalised(text, {"Artist"}).text == "ßa is ßa"


@pytest.mark.parametrize(
    ("label", "name"),
    [
        ("HumanSettlement", "human settlement"),
        ("MusicalGRP", "musical group"),
        ("PublicCorp", "public company"),
        ("Medication/Vaccine", "medication or vaccine"),
        ("geographic_poi", "geographic sight"),
    ],
)
def test_labels_are_spelled_out(label, name):
    assert natural_name(label) == name


def test_adapters_are_averaged_tensor_by_tensor():
    first = save({"a": torch.tensor([1.0, 3.0]), "b": torch.tensor([0.0])})
    second = save({"a": torch.tensor([2.0, 5.0]), "b": torch.tensor([4.0])})
    found = {name: one.tolist() for name, one in load(mean(first, second)).items()}
    assert found == {"a": [1.5, 4.0], "b": [2.0]}
    with pytest.raises(ValueError, match="other tensors"):
        mean(first, save({"a": torch.tensor([1.0])}))
