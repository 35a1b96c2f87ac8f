"""docs/settings.md names every setting, and its blocks print what they say."""

import re

import pytest
import srsly

from spacy_padellm.pipeline.factory import default_config

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
