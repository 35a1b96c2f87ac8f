"""Gold data that cannot be what was meant: refused, or said."""

import pytest
import spacy
from spacy.tokens import Doc, DocBin

from spacy_padellm.training.prepare import prepare

from ..pipeline.conftest import GOLD
from .conftest import NER

DISH = ("Ann ate rye.", [(8, 11, "DISH")])
NOTHING = [("Nothing here.", []), ("Nor here.", [])]


def test_labels_that_the_config_does_not_name_are_counted_and_refused(
    read_config, write_corpus, tmp_path
):
    changes = {
        f"{NER}.labels": ["PERSON"],
        "paths.dev": write_corpus(tmp_path / "dev.spacy", [*GOLD, DISH]),
    }
    with pytest.raises(ValueError, match="E871") as caught:
        prepare(read_config(changes))
    assert "train: LOC 4; dev: LOC 4, DISH 1." in str(caught.value)
    assert "It names: PERSON" in str(caught.value)


def test_they_are_left_out_if_so_wanted(read_config, write_corpus, tmp_path):
    changes = {
        f"{NER}.labels": ["PERSON"],
        "paths.dev": write_corpus(tmp_path / "dev.spacy", [*GOLD, DISH]),
    }
    prepared, summary = prepare(read_config(changes), skip_unknown_labels=True)
    [warning] = summary.warnings
    assert warning.startswith("[W872]") and "dev: LOC 4, DISH 1" in warning
    assert summary.train.entities == {"PERSON": 2}
    labels = {label for row in prepared.dev_texts for *_, label in row.entities}
    assert labels == {"PERSON"}


def test_a_label_without_an_entity_to_learn_from_is_said(read_config):
    _, summary = prepare(read_config({f"{NER}.labels": ["PERSON", "LOC", "A", "B"]}))
    [warning] = summary.warnings
    assert warning.startswith("[W871]") and "no entity of: A, B." in warning


@pytest.mark.parametrize("split", ["train", "dev"])
def test_a_split_without_an_entity_is_refused(
    read_config, write_corpus, tmp_path, split
):
    changes = {
        f"paths.{split}": write_corpus(tmp_path / "none.spacy", NOTHING),
        f"{NER}.labels": ["PERSON", "LOC"],
    }
    with pytest.raises(ValueError, match="E872") as caught:
        prepare(read_config(changes))
    said = f"The {split} split has no entity"
    assert said in str(caught.value) and "2 docs has one of PERSON, LOC" in str(
        caught.value
    )


def test_skipping_all_labels_leaves_nothing(read_config):
    config = read_config({f"{NER}.labels": ["ORG"]})
    with pytest.raises(ValueError, match="E872.*train.*ORG"):
        prepare(config, skip_unknown_labels=True)


def test_docs_of_other_labels_are_asked_for_these(read_config, tmp_path, blank):
    doc = blank("Ann ate rye.")
    doc.set_ents([doc.char_span(8, 11, "DISH")], default="outside")
    doc.user_data["padellm_labels"] = {"DISH": "food"}
    docs = DocBin(docs=[doc], store_user_data=True)
    docs.to_disk(tmp_path / "dish.spacy")
    changes = {f"{NER}.labels": ["LOC"], "paths.dev": str(tmp_path / "dish.spacy")}
    prepared, summary = prepare(
        read_config(changes | {"paths.train": changes["paths.dev"]})
    )
    assert summary.train.entities == {"DISH": 1} and not summary.train.unknown
    assert prepared.dev_texts[0].labels == {"DISH": "food"}


def unannotated(nlp: spacy.Language, tags: list[str]) -> Doc:
    return Doc(nlp.vocab, words=["Ann", "left", "Oslo"], ents=tags)


def test_what_cannot_be_learned_is_counted(read_config, tmp_path, blank, write_corpus):
    write_corpus(tmp_path / "gold.spacy", GOLD)
    docs = list(DocBin().from_disk(tmp_path / "gold.spacy").get_docs(blank.vocab))
    docs.append(blank("Nobody looked here."))
    docs.append(unannotated(blank, ["B-PERSON", "", ""]))
    DocBin(docs=docs).to_disk(tmp_path / "more.spacy")
    changes = {"paths.dev": str(tmp_path / "more.spacy")}
    _, summary = prepare(read_config(changes))
    said = "\n".join(summary.warnings)
    assert "doc without entity annotation, 1 times" in said
    assert "not annotated, 1 times" in said


def test_a_split_of_windows_that_are_not_annotated_throughout_is_refused(
    read_config, tmp_path, blank
):
    DocBin(docs=[unannotated(blank, ["B-PERSON", "", ""])]).to_disk(
        tmp_path / "part.spacy"
    )
    with pytest.raises(ValueError, match="E877.*dev split"):
        prepare(read_config({"paths.dev": str(tmp_path / "part.spacy")}))
