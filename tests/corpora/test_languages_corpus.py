"""The script that makes the mix for Chinese and for many languages."""

import json
import sys
from argparse import Namespace
from pathlib import Path

import pytest
import spacy
from spacy.tokens import DocBin

from spacy_padellm.corpora.base import ANNOTATED_LABELS

sys.path.insert(0, str(Path(__file__).parents[2] / "scripts"))
from make_languages_corpus import TREEBANKS, main  # noqa: E402

SENTENCES = {
    "zh": (["李", "明", "在", "北京"], ["B-PER", "I-PER", "O", "B-LOC"]),
    "pt": (["Ana", "mora", "em", "Braga"], ["B-PER", "O", "O", "B-LOC"]),
}
OTHERS = (["Ann", "left", "Oslo"], ["B-PER", "O", "B-LOC"])


@pytest.fixture(scope="module")
def out(tmp_path_factory):
    """A mix of Chinese and Portuguese, from small treebanks in all languages."""
    folder = tmp_path_factory.mktemp("languages")
    for language, treebank in TREEBANKS.items():
        words, tags = SENTENCES.get(language, OTHERS)
        pairs = enumerate(zip(words, tags, strict=True))
        rows = [f"{i}\t{word}\t{tag}" for i, (word, tag) in pairs]
        (folder / treebank.folder).mkdir()
        for split in ("train", "dev", "test"):
            text = "\n".join(rows) + "\n\n"
            (folder / treebank.folder / f"{split}.iob2").write_text(text * 3, "utf8")
    main(arguments(folder))
    return folder / "out"


def arguments(folder, **changed):
    given = {
        "out": folder / "out",
        "data": folder,
        "languages": ["zh", "pt"],
        "texts": 2,
        "open_texts": 5,
        "open_types": Path(__file__).parents[2] / "assets" / "open-types",
        "seed": 0,
        "empty": 0.25,
        "runs": 0.0,
        "run_words": 80,
        "run_sentences": 4,
    }
    return Namespace(**given | changed)


def docs(file):
    return list(DocBin().from_disk(file).get_docs(spacy.blank("xx").vocab))


def test_only_the_languages_asked_for_are_trained_on(out):
    counts = json.loads((out / "sources.json").read_text())["languages"]
    assert {name: one["train"] for name, one in counts.items()} == {"zh": 2, "pt": 2}
    assert counts["zh"]["open_types"] == 5 and "open_types" not in counts["pt"]
    assert len(docs(out / "train.spacy")) == 9


def test_labels_have_names_of_the_language_or_english_ones(out):
    asked = [doc.user_data[ANNOTATED_LABELS] for doc in docs(out / "train.spacy")]
    names = [one["PER"] for one in asked if "PER" in one]
    assert len(names) == 4
    assert set(names) <= {"人名", "pessoa", "person"}


def test_all_languages_have_tests(out):
    for language in TREEBANKS:
        test = docs(out / "test" / f"{language}.spacy")
        assert len(test) == 3
        assert [ent.label_ for ent in test[0].ents] == ["PER", "LOC"]
    assert docs(out / "test" / "open_zh.spacy")


def test_runs_are_sentences_in_a_row_with_spaces_where_the_language_has_them(out):
    folder = out.parent
    settings = {"out": folder / "runs", "texts": 1, "open_texts": 0, "runs": 1.0}
    main(arguments(folder, **settings))
    texts = {doc.text for doc in docs(folder / "runs" / "train.spacy")}
    assert len(texts) == 2
    zh, pt = sorted(texts, key=str.isascii)
    for text, language, space in ((zh, "zh", ""), (pt, "pt", " ")):
        sentence = space.join(SENTENCES[language][0])
        assert text in (space.join([sentence] * n) for n in (2, 3))
