"""The labels of the zero-shot sets fit the files, and the names fit the component."""

import pytest
import spacy

from benchmarks.data.zero_shot_sets import SPELLED_OUT, ZERO_SHOT
from spacy_padellm.labels import label_names


@pytest.mark.parametrize("name", ZERO_SHOT)
def test_every_table_can_be_the_labels_of_a_component(name):
    labels = ZERO_SHOT[name].labels
    assert label_names(labels) == labels
    nlp = spacy.blank("en")
    ner = nlp.add_pipe("padellm_ner", config={"labels": labels})
    assert ner.label_data == labels


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
