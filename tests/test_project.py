"""project.yml as `spacy project run` reads it."""

from pathlib import Path

import pytest
import srsly
from weasel.util.config import load_project_config

ROOT = Path(__file__).parents[1]
COMMANDS = {
    one["name"]: one for one in srsly.read_yaml(ROOT / "project.yml")["commands"]
}
READ = {one["name"]: one for one in load_project_config(ROOT)["commands"]}


@pytest.mark.parametrize("name", COMMANDS)
def test_variables_join_no_entries(name):
    """confection makes one string of two neighbours in a list that have variables."""
    for key in ("script", "deps", "outputs", "outputs_no_cache"):
        written, read = (one[name].get(key, []) for one in (COMMANDS, READ))
        assert len(read) == len(written), key
        assert not any("${" in entry for entry in read), key


@pytest.mark.parametrize("name", ["corpus", "train"])
def test_the_files_that_the_repository_has_are_there(name):
    made = ("corpus/", "training/", "metrics/", "data/")
    named = [one for one in READ[name]["deps"] if not one.startswith(made)]
    assert named
    assert [one for one in named if not (ROOT / one).exists()] == []
