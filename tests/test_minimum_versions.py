"""The minimum versions in setup.cfg suffice to fetch a base and to find entities."""

import re
import subprocess
import sys
from configparser import ConfigParser

import pytest

from .conftest import REPOSITORY

# newer ones are taken: PyPI's early builds of torch bring CUDA along
NEWER = {"torch"}
SCRIPT = """
import spacy
nlp = spacy.blank("en")
nlp.add_pipe("padellm_ner")
doc = nlp("Angela Merkel flew from Berlin to Paris.")
print([(ent.text, ent.label_) for ent in doc.ents])
"""


def minimum_versions() -> list[str]:
    """The requirements of the package and its commands at their minimum versions."""
    setup = ConfigParser()
    setup.read(REPOSITORY / "setup.cfg", encoding="utf8")
    lines = (
        setup["options"]["install_requires"] + setup["options.extras_require"]["cli"]
    )
    minimums = re.findall(r"^([\w-]+)>=([\d.]+)", lines, re.MULTILINE)
    assert len(minimums) == len(lines.split())
    return [
        f"{name}>={version}" if name in NEWER else f"{name}=={version}"
        for name, version in minimums
    ]


@pytest.mark.external
def test_the_minimum_versions_find_entities(tmp_path):
    python = tmp_path / "venv" / "bin" / "python"
    pip = [python, "-m", "pip", "install", "--quiet"]
    pins = ["-c", REPOSITORY / "constraints.txt"]
    for command in (
        [sys.executable, "-m", "venv", tmp_path / "venv"],
        [*pip, *pins, "torch"],
        [*pip, *minimum_versions()],
        [*pip, "--no-deps", REPOSITORY],
        [python, "-m", "spacy_padellm", "download"],
    ):
        subprocess.run([*map(str, command)], check=True, cwd=tmp_path)
    found = subprocess.run(
        [str(python), "-c", SCRIPT], check=True, capture_output=True, text=True
    )
    expected = [("Angela Merkel", "PER"), ("Berlin", "LOC"), ("Paris", "LOC")]
    assert found.stdout.strip() == str(expected)
