"""docs/settings.md names every setting, and its blocks print what they say."""

import re

import pytest
import spacy
import srsly
from spacy.pipeline import TrainablePipe

from spacy_padellm.pipeline.factory import default_config
from spacy_padellm.pipeline.padellm_ner import PaDeLLMNER

from ..conftest import REPOSITORY

PAGE = (REPOSITORY / "docs" / "settings.md").read_text(encoding="utf8")


@pytest.mark.parametrize("setting", default_config)
def test_every_setting_of_the_component_is_named_with_its_default(setting):
    rows = [
        line for line in PAGE.splitlines() if re.match(rf"\|.*`{setting}`.* \|", line)
    ]
    assert rows
    default = default_config[setting]
    if not isinstance(default, dict):
        shown = rows[0].split("|")[2].strip().strip("`")
        assert shown == srsly.json_dumps(default).strip('"')


def test_every_attribute_that_spacy_does_not_know_is_named():
    section = PAGE.partition("## In Python")[2].partition("\n## ")[0]
    named = {name for row in section.splitlines() for name in attributes(row)}
    own = {name for name in dir(PaDeLLMNER) if not name.startswith("_")}
    assert named <= set(dir(spacy.blank("en").add_pipe("padellm_ner")))
    called_by_factory = {"join"}
    assert own - set(dir(TrainablePipe)) - called_by_factory <= named


def attributes(row: str) -> list[str]:
    """Those that the first column of a table's row names."""
    cells = row.split("|")
    return re.findall(r"`(\w+)[`(]", cells[1]) if len(cells) > 2 else []
