"""What is not needed is not imported: spaCy imports the package whenever it starts."""

import subprocess
import sys

import pytest

HEAVY = ("torch", "transformers", "peft")


def run(code: str) -> str:
    """What a new Python process prints."""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def blocked(*packages: str) -> str:
    lines = [f"sys.modules[{package!r}] = None" for package in packages]
    return "; ".join(["import sys", *lines]) + "\n"


def test_the_package_by_itself_imports_nothing_big():
    loaded = run("import spacy_padellm, sys; print(*sys.modules)").split()
    assert "spacy_padellm" in loaded
    assert not {"spacy", "thinc", "numpy", *HEAVY} & set(loaded)


def test_spacy_starts_and_adds_the_component_without_torch():
    """Resolving the factory, its architecture, format and windows, and all of the
    component that needs no model."""
    code = blocked(*HEAVY) + (
        "import spacy\n"
        "nlp = spacy.blank('en')\n"
        "nlp.add_pipe('padellm_ner', config={'labels': ['PER']})\n"
        "nlp('')\n"
        "print(nlp.pipe_labels, len(nlp.to_bytes(exclude=['padellm_ner'])) > 0)"
    )
    assert run(code) == "{'padellm_ner': ['PER']} True\n"


def test_a_server_as_engine_needs_nothing_big_until_it_is_asked():
    code = blocked(*HEAVY, "openai") + (
        "import spacy\n"
        "engine = {'@misc': 'spacy_padellm.VLLM.v1', 'url': 'http://a', 'model': 'b'}\n"
        "format = {'@misc': 'spacy_padellm.OneStep.v1'}\n"
        "nlp = spacy.blank('en')\n"
        "config = {'engine': engine, 'format': format, 'labels': ['PER']}\n"
        "print(nlp.add_pipe('padellm_ner', config=config).engine.url)"
    )
    assert run(code) == "http://a\n"


@pytest.mark.parametrize(
    "module",
    ["trees.packing", "formats.padellm", "engines.base", "adapters.files"],
)
def test_plain_data_needs_neither_torch_nor_spacy(module):
    run(blocked("spacy", "thinc", *HEAVY) + f"import spacy_padellm.{module}")


def test_models_and_engines_need_no_spacy():
    run(
        blocked("spacy", "thinc")
        + "import spacy_padellm.training.loss, spacy_padellm.adapters.adapted\n"
        "import spacy_padellm.engines.packed, spacy_padellm.engines.kv_cache\n"
        "import spacy_padellm.bases.tokenizer, spacy_padellm.bases.weights\n"
    )
