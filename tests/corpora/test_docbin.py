"""Reading a .spacy file returns what was written."""

import pytest
import spacy
from spacy.tokens import DocBin, Span

from spacy_padellm.corpora.base import AnnotatedText, Entity
from spacy_padellm.corpora.docbin import write_docbin
from spacy_padellm.corpora.docs import make_doc
from spacy_padellm.corpora.gold import Choices, gold_docs
from spacy_padellm.corpora.registry import read

from .conftest import mentions, problems

TEXTS = (
    AnnotatedText.from_words(["Ada", "left"], [(0, 1, "PER")], labels=("PER",), line=1),
    AnnotatedText.from_words(["Hello", "."], (), [False, False], line=2),
)


def test_texts_survive_the_file(tmp_path, english):
    path = tmp_path / "new" / "train.spacy"
    docs = [make_doc(english, text) for text in TEXTS]
    assert write_docbin(docs, path) == 2
    read_back = read(path)
    assert read_back.texts == TEXTS
    assert read_back.format == "docbin"
    assert [p.name for p in path.parent.iterdir()] == ["train.spacy"]


def test_a_link_at_a_name_for_the_part_is_not_written_through(tmp_path, english):
    secret = tmp_path / "secret"
    secret.write_text("untouched")
    path = tmp_path / "train.spacy"
    path.with_name("train.spacy.part").symlink_to(secret)
    write_docbin([make_doc(english, TEXTS[0])], path)
    assert secret.read_text() == "untouched"
    assert len(read(path).texts) == 1
    assert sorted(p.name for p in tmp_path.iterdir()) == ["secret", "train.spacy"]


def test_a_failure_leaves_the_old_file_and_no_part(tmp_path, english, monkeypatch):
    path = tmp_path / "train.spacy"
    write_docbin([make_doc(english, TEXTS[0])], path)
    monkeypatch.setattr("spacy.tokens.DocBin.to_bytes", lambda self: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        write_docbin([], path)
    assert [p.name for p in tmp_path.iterdir()] == ["train.spacy"]


def test_docs_without_entity_annotation_are_reported(tmp_path, english):
    path = tmp_path / "train.spacy"
    write_docbin([make_doc(english, TEXTS[0]), english.make_doc("Bo left")], path)
    corpus = read(path)
    assert mentions(corpus) == [[("Ada", "PER")]]
    assert problems(corpus) == [(2, "skipped", "doc without entity annotation")]


@pytest.mark.parametrize(
    "entities, action, unknown",
    [((Entity(0, 3, "PER"),), "left out", ()), ((), "skipped", ((4, 8, "VERB"),))],
)
def test_groups_of_spans_that_are_not_read_are_named(
    tmp_path, english, entities, action, unknown
):
    bo = make_doc(english, AnnotatedText("Bo", (Entity(0, 2, "PER"),)))
    doc = make_doc(english, AnnotatedText("Ada left", entities))
    doc.spans["gold"] = [Span(doc, 1, 2, "VERB")]
    doc.spans["empty"] = []
    write_docbin([bo, doc], tmp_path / "docs.spacy")
    corpus = read(tmp_path / "docs.spacy")
    assert problems(corpus) == [(2, action, "spans of the group 'gold'")]
    assert (corpus.texts[1].entities, corpus.texts[1].unknown) == (entities, unknown)


def test_other_bytes_are_an_error(tmp_path):
    path = tmp_path / "train.spacy"
    path.write_bytes(b"Ada B-PER\n")
    with pytest.raises(ValueError, match=r"E204.*train.spacy.*not a DocBin"):
        read(path)


def test_the_names_of_a_docs_labels_come_back(tmp_path):
    doc = spacy.blank("en").make_doc("Ada left")
    doc.ents = [doc.char_span(0, 3, "PER")]
    names = {"PER": "human", "LOC": None}
    doc.user_data["padellm_labels"] = names
    DocBin(docs=[doc], store_user_data=True).to_disk(tmp_path / "x.spacy")
    corpus = read(tmp_path / "x.spacy", "docbin")
    renamed = Choices(renames={"PER": "PERSON"})
    [again] = gold_docs(spacy.blank("en"), [corpus], renamed)
    wanted = {"PERSON": "human", "LOC": None}
    assert again.user_data["padellm_labels"] == wanted
