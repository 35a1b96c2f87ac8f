"""What docs are cached under: all that decides how a doc comes out.

spacy-llm's cache keeps the task's prompt template beside the docs, and refuses a folder
whose template is another. It asks for the template when a component is built, and tells
the task nothing of the model. So the task looks which component is asking.
"""

import json
import sys
from typing import Any

from spacy_llm.pipeline import LLMWrapper

from .model import ParallelDecoder

TASK = "spacy_padellm.NER.v1"


def component_asking_for(task: object) -> LLMWrapper | None:
    """The component of this task that is on the call stack; None if there is none."""
    frame = sys._getframe(1)
    while frame is not None:
        caller = frame.f_locals.get("self")
        if isinstance(caller, LLMWrapper) and vars(caller).get("_task") is task:
            return caller
        frame = frame.f_back
    return None


def cache_key(settings: dict[str, Any], component: LLMWrapper | None) -> str:
    """A task's settings and its component's model, as JSON for people to read.

    Without a folder nothing is kept: then no file of the model is looked at.
    """
    key = {"task": TASK, **settings}
    if component is not None and getattr(component._cache, "_path", True) is not None:
        key["model"] = _identity(component._model)
    return json.dumps(key, indent=2)


def _identity(model: Any) -> Any:
    if isinstance(model, ParallelDecoder):
        return model.identity
    named = model if hasattr(model, "__qualname__") else type(model)
    return f"{named.__module__}.{named.__qualname__}"
