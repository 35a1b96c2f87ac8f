"""The splits of a folder, by the names of its files and folders."""

import pytest

from spacy_padellm.corpora.splits import find_splits, split_of


@pytest.fixture
def folder(tmp_path):
    def make(*files: str):
        for file in files:
            path = tmp_path / "corpus" / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("Ada\tB-PER\n")
        return tmp_path / "corpus"

    return make


def parts(folder) -> dict[str, list[str]]:
    found = find_splits(folder).parts
    return {p.name: [f.relative_to(folder).as_posix() for f in p.files] for p in found}


@pytest.mark.parametrize(
    "name, split",
    [
        ("train.json", "train"),
        ("engtrain.bio.txt", "train"),
        ("msra_train_bio", "train"),
        ("training", "train"),
        ("eng.testa", "dev"),
        ("eng.testb", "test"),
        ("emerging.dev.conll", "dev"),
        ("development", "dev"),
        ("devel.jsonl", "dev"),
        ("valid.txt", "dev"),
        ("validation", "dev"),
        ("demo.test.char", "test"),
        ("TEST.tsv", "test"),
        ("latest.json", None),
        ("contest.json", None),
        ("retrieval.json", None),
        ("device.json", None),
        ("README.md", None),
    ],
)
def test_names_say_the_split(name, split):
    assert split_of(name) == split


def test_each_file_of_a_split_is_a_part(folder):
    found = folder("train.json", "eng.testa", "test.tsv", "LICENSE", ".hidden.train")
    assert parts(found) == {
        "train": ["train.json"],
        "dev": ["eng.testa"],
        "test": ["test.tsv"],
    }
    assert find_splits(found).missing == () and find_splits(found).others == ()


def test_several_files_of_a_split_keep_their_names(folder):
    found = folder("train.bio", "test.bio", "test.padellm.json", "x_test")
    assert list(parts(found)) == ["train", "test", "test.padellm", "x_test"]


def test_missing_splits_and_files_of_no_split_are_named(folder):
    found = find_splits(folder("train.json", "all.json", "README.md"))
    assert found.missing == ("dev", "test")
    assert [file.name for file in found.others] == ["all.json"]


def test_folders_of_splits_have_all_their_documents(folder):
    name = "data/{}/data/english/annotations/bc/{}.v4_gold_conll"
    found = folder(
        name.format("train", "a"),
        name.format("train", "b"),
        name.format("development", "c"),
        "data/train/data/english/annotations/bc/a.v4_auto_conll",
    )
    assert {name: len(files) for name, files in parts(found).items()} == {
        "train": 2,
        "dev": 1,
    }
    assert find_splits(found).missing == ("test",)


def test_folders_of_splits_may_hold_other_files(folder):
    found = folder("train/a.conll", "test/b.conll", "test/LICENSE")
    assert parts(found) == {"train": ["train/a.conll"], "test": ["test/b.conll"]}


def test_documents_without_splits_are_one_part(folder):
    found = folder("bc/a.name", "bc/a.parse", "nw/b.name")
    assert parts(found) == {"corpus": ["bc/a.name", "nw/b.name"]}


def test_of_the_copies_of_an_ace_document_the_last_step_is_taken(folder):
    found = folder(
        "bc/adj/a.apf.xml",
        "bc/fp1/a.apf.xml",
        "bc/timex2norm/a.apf.xml",
        "bc/fp1/b.apf.xml",
        "bc/adj/b.apf.xml",
        "nw/fp2/a.apf.xml",
        "nw/timex2norm/a.sgm",
    )
    assert parts(found) == {
        "corpus": ["bc/adj/b.apf.xml", "bc/timex2norm/a.apf.xml", "nw/fp2/a.apf.xml"]
    }


def test_a_folder_without_a_corpus_is_an_error(folder):
    with pytest.raises(ValueError, match="E213.*No corpus found in .*corpus"):
        find_splits(folder("README.md", "all.json"))
