"""The convention of the zero-shot sets: INDEX.md, part E."""

from pathlib import Path

import pytest
import spacy
from spacy.tokens import Doc

from spacy_padellm.corpora.base import (
    ANNOTATED_LABELS,
    AnnotatedText,
    Entity,
    ReadReport,
)
from spacy_padellm.corpora.labels import relabel
from spacy_padellm.formats.labels import label_names
from spacy_padellm.scoring.zero_shot import SPELLED_OUT, ZERO_SHOT, keep_scored

NLP = spacy.blank("en")
CROSSNER = [name for name in ZERO_SHOT if name.startswith("crossner")]
POLITICS = ZERO_SHOT["crossner_politics"]


def politics() -> Doc:
    """Two scored entities around an unscored one."""
    doc = NLP("Ada leads the Greens Green Deal in Rome")
    doc.ents = [
        doc.char_span(0, 3, "politician"),
        doc.char_span(21, 31, "misc"),
        doc.char_span(35, 39, "location"),
    ]
    return doc


def test_the_tables_are_the_sets_of_the_paper():
    assert list(ZERO_SHOT) == [
        *("crossner_ai", "crossner_literature", "crossner_music"),
        *("crossner_politics", "crossner_science", "mit_movie", "mit_restaurant"),
    ]


@pytest.mark.parametrize("name", ZERO_SHOT)
def test_every_table_can_be_the_labels_of_a_component(name):
    labels = ZERO_SHOT[name].labels
    assert label_names(labels) == labels
    nlp = spacy.blank("en")
    ner = nlp.add_pipe("padellm_ner", config={"labels": labels})
    assert ner.label_data == labels


@pytest.mark.parametrize("name", CROSSNER)
def test_crossner_is_scored_without_misc_and_nothing_else(name):
    assert ZERO_SHOT[name].left_out == ("misc",)
    assert "misc" not in ZERO_SHOT[name].labels


@pytest.mark.parametrize("name", ["mit_movie", "mit_restaurant"])
def test_every_label_of_mit_is_scored(name):
    assert ZERO_SHOT[name].left_out == ()


def test_names_are_words():
    for zero_shot in ZERO_SHOT.values():
        assert all(
            name.replace(" ", "").isalpha() for name in zero_shot.labels.values()
        )
    movie, science = (ZERO_SHOT[n].labels for n in ("mit_movie", "crossner_science"))
    assert movie["RATINGS_AVERAGE"] == "average ratings" and movie["GENRE"] == "genre"
    assert science["academicjournal"] == "academic journal"
    assert ZERO_SHOT["mit_restaurant"].labels["Restaurant_Name"] == "Restaurant Name"
    used = {label for zero_shot in ZERO_SHOT.values() for label in zero_shot.labels}
    assert set(SPELLED_OUT) <= used


@pytest.mark.parametrize("name", ZERO_SHOT)
def test_every_label_of_the_files_is_named_or_left_out(shared_data, name):
    files = sorted((shared_data / name).glob("*.txt"))
    if not files:
        pytest.skip(f"no {shared_data / name}")
    tags = {line.split()[-1] for file in files for line in file.open() if line.strip()}
    found = {tag.removeprefix("B-") for tag in tags if tag.startswith("B-")}
    assert found == {*ZERO_SHOT[name].labels, *ZERO_SHOT[name].left_out}


def test_the_names_are_those_that_the_index_lists(shared_data):
    notes = (shared_data / "INDEX.md").read_text()
    for label, name in SPELLED_OUT.items():
        assert f"{label}->{name}" in notes
    (movie,) = (
        line.partition("GNER README: ")[2].partition(")")[0]
        for line in notes.splitlines()
        if "GNER README: " in line
    )
    assert set(movie.split(", ")) == set(ZERO_SHOT["mit_movie"].labels.values())


def test_unscored_entities_are_outside_of_entities_in_the_copy():
    doc = politics()
    (copy,) = keep_scored([doc], POLITICS)
    assert [(ent.text, ent.label_) for ent in copy.ents] == [
        ("Ada", "politician"),
        ("Rome", "location"),
    ]
    assert copy.has_annotation("ENT_IOB", require_complete=True)
    assert len(doc.ents) == 3 and ANNOTATED_LABELS not in doc.user_data
    assert copy.user_data[ANNOTATED_LABELS] == POLITICS.labels
    assert copy.text == doc.text


def test_missing_annotation_stays_missing():
    doc = politics()
    doc.set_ents([], missing=[doc[1:3]], default="unmodified")
    (copy,) = keep_scored([doc], POLITICS)
    assert [token.i for token in copy if token.ent_iob == 0] == [1, 2]
    (blank,) = keep_scored([NLP("no annotation")], POLITICS)
    assert not blank.has_annotation("ENT_IOB")


def test_an_unknown_label_is_an_error():
    with pytest.raises(ValueError, match="E903.*'politician'.*GENRE"):
        list(keep_scored([politics()], ZERO_SHOT["mit_movie"]))


def test_texts_lose_the_same_entities_when_they_are_relabelled():
    doc = politics()
    spans = [Entity(ent.start_char, ent.end_char, ent.label_) for ent in doc.ents]
    text = AnnotatedText(doc.text, tuple(spans))
    report = ReadReport(Path("test.txt"), "columns")
    (kept,) = relabel([text], dict.fromkeys(POLITICS.left_out), report)
    (copy,) = keep_scored([doc], POLITICS)
    assert list(kept.entities) == [spans[0], spans[2]]
    assert [ent.start_char for ent in copy.ents] == [e.start for e in kept.entities]
    assert report.dropped == {"misc": 1}
