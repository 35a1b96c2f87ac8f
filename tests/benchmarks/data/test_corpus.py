"""A set's files become train, dev and test docs of the sizes asked for."""

import json

import pytest

from benchmarks.data.corpus import Sizes, prepare
from benchmarks.data.sets import SETS

LARGE = ("msra", "genia")  # they take seconds to read


def test_where_there_is_no_dev_file_train_gives_some_of_its_texts(data, tmp_path):
    corpus = prepare("shop", data, tmp_path / "out", Sizes(train=0, dev=1, test=0))
    counts = {split: len(corpus.docs(split)) for split in ("train", "dev", "test")}
    assert counts == {"train": 3, "dev": 1, "test": 4}
    train = {doc.text for doc in corpus.docs("train")}
    assert train.isdisjoint({doc.text for doc in corpus.docs("dev")})
    assert corpus.labels == {"PART": "PART", "TOOL": "TOOL"}


def test_texts_are_drawn_alike_every_time(data, tmp_path):
    one, other, third = (
        [
            doc.text
            for doc in prepare(
                "shop", data, tmp_path / str(place), Sizes(0, 1, 2, seed)
            ).docs("test")
        ]
        for place, seed in enumerate((0, 0, 3))
    )
    assert one == other != third and len(one) == 2


def test_what_was_converted_stays_until_the_sizes_change(data, tmp_path):
    folder = tmp_path / "out"
    for sizes, same in ((Sizes(test=2), True), (Sizes(test=3), False)):
        prepare("shop", data, folder, Sizes(test=2))
        before = (folder / "test.spacy").stat().st_mtime_ns
        prepare("shop", data, folder, sizes)
        assert ((folder / "test.spacy").stat().st_mtime_ns == before) is same


def test_bad_lines_are_counted(data, tmp_path):
    with (data / "shop" / "train.jsonl").open("a", encoding="utf8") as file:
        file.write(json.dumps({"text": "short", "entities": [[0, 99, "PART"]]}) + "\n")
    assert prepare("shop", data, tmp_path / "out", Sizes()).skipped == 1


@pytest.mark.parametrize("split", ["train", "test"])
def test_a_missing_split_is_named(data, tmp_path, split):
    (data / "shop" / f"{split}.jsonl").unlink()
    with pytest.raises(ValueError, match=rf"E612.*shop has no file {split}\.\*"):
        prepare("shop", data, tmp_path / "out", Sizes())


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=[pytest.mark.slow] if name in LARGE else [])
        for name in SETS
        if name != "workshop"
    ],
)
def test_the_labels_of_the_papers_sets_have_names(name, shared_data, tmp_path):
    corpus = prepare(name, shared_data, tmp_path / name, Sizes(300, 30, 300))
    found = {ent.label_ for doc in corpus.docs("test") for ent in doc.ents}
    assert found <= set(corpus.labels) == set(SETS[name].labels)
