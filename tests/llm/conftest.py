"""Pipelines of spacy-llm on the tiny random base."""

from collections.abc import Callable
from pathlib import Path

import pytest
import spacy
from spacy.language import Language

from ..pipeline.conftest import adapter_folder, make_nlp, trained  # noqa: F401

TASK, MODEL = "spacy_padellm.NER.v1", "spacy_padellm.ParallelDecoder.v1"
LABELS = ["PERSON", "LOC"]  # of the pipeline `trained`


def pytest_pycollect_makemodule() -> None:
    """Skip the test modules of this folder if spacy-llm is not installed."""
    pytest.importorskip("spacy_llm")


@pytest.fixture(scope="session")
def make_llm(tiny_base: Path) -> Callable[..., Language]:
    """A function that builds a blank pipeline with an `llm` on the tiny base.

    The task's settings are keywords, its model's settings the dict `model`, its
    component's `llm`. Mentions may be anything, as in tests/pipeline.
    """

    def make(
        name: str = "llm",
        *,
        model: dict | None = None,
        llm: dict | None = None,
        **task,
    ) -> Language:
        nlp = spacy.blank("en")
        nlp.add_pipe("llm", name=name, config=llm_config(tiny_base, model, llm, **task))
        return nlp

    return make


@pytest.fixture
def reading_nlp(make_llm, adapter_folder) -> Language:  # noqa: F811
    """An `llm` with the adapter of the pipeline `trained`."""
    return make_llm(labels=LABELS, model={"adapter": str(adapter_folder)})


def llm_config(
    base: Path, model: dict | None = None, llm: dict | None = None, **task
) -> dict:
    model = {
        "@llm_models": MODEL,
        "base": str(base),
        "format": {"@misc": "spacy_padellm.PaDeLLM.v1", "only_in_text": False},
        **(model or {}),
    }
    task = {"@llm_tasks": TASK, "spans_key": "padellm_ner", **task}
    return {"task": task, "model": model, **(llm or {})}
