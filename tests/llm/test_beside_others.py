"""Other parts of spacy-llm still work, and spacy-llm is optional."""

from typing import Iterable  # noqa: UP035

import pytest
from spacy.util import registry
from spacy_llm.registry import registry as llm_registry

from ..model.test_light_imports import HEAVY, blocked, run
from ..pipeline.conftest import GOLD, found
from .conftest import MODEL, TASK

SETUP = (
    "import spacy\n"
    "nlp = spacy.blank('en')\n"
    f"task = {{'@llm_tasks': {TASK!r}, 'labels': 'PER'}}\n"
    f"model = {{'@llm_models': {MODEL!r}}}\n"
)


@llm_registry.llm_models("test.SaysAnn.v1")
def says_ann():
    def model(prompts: Iterable[Iterable[str]]) -> Iterable[Iterable[str]]:
        return [["1. Ann | True | PER | is a name"] for _ in prompts]

    return model


@pytest.mark.filterwarnings("ignore:Task supports sharding")
def test_a_component_of_other_parts_works_beside_one_of_these(reading_nlp):
    config = {
        "task": {"@llm_tasks": "spacy.NER.v3", "labels": "PER"},
        "model": {"@llm_models": "test.SaysAnn.v1"},
    }
    reading_nlp.add_pipe("llm", name="others", config=config, first=True)
    text, ents = GOLD[1]
    assert found(reading_nlp(text)) == ents
    with reading_nlp.select_pipes(enable="others"):
        assert found(reading_nlp("Ann left.")) == [(0, 3, "PER")]
    both = reading_nlp("Ann: " + text)
    assert found(both)[0] == (0, 3, "PER")


@pytest.mark.parametrize("kind", ["llm_tasks", "llm_models", "llm_misc"])
def test_names_of_spacy_llm_mean_what_they_did(kind):
    functions = getattr(registry, kind).get_all()
    theirs = {name: f for name, f in functions.items() if name.startswith("spacy.")}
    assert theirs
    for name, function in theirs.items():
        assert function.__module__.startswith("spacy_llm."), name


def test_nothing_else_of_the_package_needs_spacy_llm():
    """Only load the entry points of this package. spaCy also loads those of others."""
    code = blocked("spacy_llm") + (
        "from importlib.metadata import distribution\n"
        "points = distribution('spacy_padellm').entry_points\n"
        "others = [e for e in points if not e.group.startswith('thinc_llm')]\n"
        "print(len(points) - len(others), all(e.load() for e in others))"
    )
    assert run(code) == "2 True\n"


def test_a_component_is_built_without_torch():
    code = blocked(*HEAVY) + SETUP
    code += "nlp.add_pipe('llm', config={'task': task, 'model': model})\n"
    assert run(code + "print(repr(nlp(' ').text), nlp.pipe_labels)") == (
        "' ' {'llm': ['PER']}\n"
    )
