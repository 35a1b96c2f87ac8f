"""Pipelines as users have them: the embedded base with shipped adapters, on the CPU."""

from collections.abc import Callable

import pytest
import spacy
from spacy.language import Language

POINTER = "default", "Pointer"
PADELLM = "english-padellm", "PaDeLLM"
ENGLISH = POINTER, PADELLM


@pytest.fixture(scope="session")
def english(smollm) -> Callable[..., Language]:
    """Builds a pipeline with a shipped English adapter, its format and settings."""

    def english(adapter: str = "default", format: str = "Pointer", **settings):
        nlp = spacy.blank("en")
        model = {"adapter": adapter, "device": "cpu"}
        config = {
            "model": model,
            "format": {"@misc": f"spacy_padellm.{format}.v1"},
            "spans_key": "sc",
        }
        nlp.add_pipe("padellm_ner", config=config | settings)
        return nlp

    return english


def found(doc) -> list[tuple[str, str]]:
    return [(ent.text, ent.label_) for ent in doc.ents]
