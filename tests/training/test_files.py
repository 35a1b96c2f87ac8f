"""What is prepared is what is read, and a damaged folder is named."""

import shutil
from dataclasses import replace

import numpy as np
import pytest

from spacy_padellm.training.gold_file import NODES, PAIRS, GoldSet
from spacy_padellm.training.prepared import Prepared
from spacy_padellm.training.steps import Rates, Steps
from spacy_padellm.trees.packing import GoldSequence, pack_gold

from .conftest import train


def random_trees(generator, number):
    def ids(most):
        return tuple(generator.integers(0, 150_000, generator.integers(1, most)))

    for _ in range(number):
        prompt = ids(30)
        answers = [ids(5) for _ in range(generator.integers(1, 4))]
        prefix = int(generator.integers(0, len(prompt) + 1))
        yield pack_gold(
            [
                GoldSequence(prompt, a, tuple(generator.random(len(a))), prefix)
                for a in answers
            ]
        )


def test_trees_come_back_as_they_were(tmp_path):
    trees = list(random_trees(np.random.default_rng(0), 30))
    docs = np.arange(30) // 2
    GoldSet(trees, docs).write(tmp_path / "gold.npz")
    found = GoldSet.read(tmp_path / "gold.npz")
    assert (found.docs == docs).all() and len(found) == 30
    for one, other in zip(found.trees, trees, strict=True):
        for name in NODES + PAIRS:
            assert getattr(one, name).dtype == getattr(other, name).dtype
            assert (getattr(one, name) == getattr(other, name)).all()


def test_a_file_is_no_larger_than_it_need_be(tmp_path):
    """Six of seven numbers are small integers: far below their bytes in memory."""
    trees = list(random_trees(np.random.default_rng(0), 300))
    GoldSet(trees, np.arange(300)).write(tmp_path / "gold.npz")
    in_memory = sum(getattr(t, name).nbytes for t in trees for name in NODES + PAIRS)
    assert (tmp_path / "gold.npz").stat().st_size < in_memory / 3


def test_steps_come_back_as_they_were(tmp_path):
    rates = [Rates(0.1 / (n + 1), 0.9, 0.999, 1e-8, 0.01, 1.0, 0.05) for n in range(4)]
    batches = [[3, 1], [], [0, 1, 2], [1]]
    Steps.of(batches, rates).write(tmp_path / "steps.npz")
    steps = Steps.read(tmp_path / "steps.npz")
    assert [steps[n].trees.tolist() for n in range(len(steps))] == batches
    assert [steps[n].rates for n in range(len(steps))] == rates


def test_a_prepared_folder_comes_back_as_it_was(prepared, tmp_path):
    data = Prepared.read(prepared)
    assert data.settings.labels == {"PERSON": "person", "LOC": "location"}
    data.write(tmp_path)
    again = Prepared.read(tmp_path)
    assert again.settings == data.settings and again.dev_texts == data.dev_texts
    assert again.digest() == data.digest()
    other = replace(data, settings=replace(data.settings, seed=1))
    assert other.digest() != data.digest()


def no_settings(folder):
    (folder / "settings.json").unlink()


def other_layout(folder):
    file = folder / "settings.json"
    file.write_text(file.read_text().replace('"layout": 1', '"layout": 99'))


def cut_settings(folder):
    file = folder / "settings.json"
    file.write_text(file.read_text().rstrip("}\n"))


def foreign_format(folder):
    file = folder / "settings.json"
    text = file.read_text().replace("spacy_padellm.formats.padellm:", "os:")
    file.write_text(text)


def no_trees(folder):
    (folder / "train.npz").unlink()


def cut_trees(folder):
    file = folder / "train.npz"
    file.write_bytes(file.read_bytes()[:-200])


def other_arrays(folder):
    np.savez(folder / "steps.npz", trees=np.zeros(3))


def pickled(folder):
    np.savez(folder / "dev.npz", ids=np.array([{}], dtype=object))


def cut_texts(folder):
    file = folder / "dev.jsonl"
    file.write_text(file.read_text()[:-20])


@pytest.mark.parametrize(
    ("spoil", "named"),
    [
        (shutil.rmtree, "no such folder"),
        (no_settings, "settings.json"),
        (other_layout, "another version"),
        (cut_settings, "delimiter"),
        (foreign_format, "no format of this package"),
        (no_trees, "train.npz"),
        (cut_trees, "train.npz"),
        (other_arrays, "steps.npz"),
        (pickled, "dev.npz"),
        (cut_texts, "dev.jsonl"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_a_damaged_folder_is_named(prepared, tmp_path, spoil, named, capsys):
    folder = shutil.copytree(prepared, tmp_path / "prepared")
    spoil(folder)
    assert train(folder, tmp_path / "out") == 1
    said = capsys.readouterr().err
    assert "[E876]" in said and str(folder) in said and named in said
