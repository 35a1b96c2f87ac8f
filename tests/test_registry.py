"""Every name that setup.cfg registers is found, and belongs to this package."""

from configparser import ConfigParser
from importlib.metadata import entry_points

import pytest
from spacy.util import registry

from spacy_padellm.engines.base import EngineSource
from spacy_padellm.engines.sources import build_packed_v1
from spacy_padellm.formats.base import Format
from spacy_padellm.formats.pointer import build_pointer_v1

from .conftest import REPOSITORY

REGISTRIES = {
    "spacy_architectures": registry.architectures,
    "spacy_callbacks": registry.callbacks,
    "spacy_factories": registry.factories,
    "spacy_augmenters": registry.augmenters,
    "spacy_misc": registry.misc,
    "spacy_readers": registry.readers,
    "spacy_scorers": registry.scorers,
}


def registered():
    setup = ConfigParser()
    setup.read(REPOSITORY / "setup.cfg", encoding="utf8")
    for group, lines in setup["options.entry_points"].items():
        for line in lines.strip().splitlines():
            name, _, target = line.partition("=")
            yield group, name.strip(), target.strip()


def test_early_versions_of_spacy_can_check_the_settings():
    """spaCy 3.8.11 and before ask whether a setting is an instance of its type."""
    assert isinstance(build_pointer_v1(), Format)
    assert isinstance(build_packed_v1(), EngineSource)
    assert not isinstance("PaDeLLM", Format)


@pytest.mark.parametrize(("group", "name", "target"), list(registered()))
def test_a_name_resolves_to_its_target(group, name, target):
    (entry,) = entry_points(group=group, name=name)
    assert entry.value == target
    if group.startswith("thinc_llm"):
        pytest.importorskip("spacy_llm")
    loaded = entry.load()
    assert callable(loaded) and loaded.__module__.startswith("spacy_padellm.")
    if group in REGISTRIES:
        assert REGISTRIES[group].get(name) is loaded
    elif group.startswith("thinc_llm"):
        assert getattr(registry, group.removeprefix("thinc_")).get(name) is loaded
    else:
        assert group == "console_scripts"


def test_names_carry_a_version():
    for group, name, _ in registered():
        if group not in ("console_scripts", "spacy_factories"):
            assert name.startswith("spacy_padellm.") and name.endswith(".v1")
