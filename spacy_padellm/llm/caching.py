"""The cache key of a task: everything that the annotations of a doc depend on.

spacy-llm's cache stores the task's prompt template with the docs, and rejects a folder
with another template. It reads the template when a component is created, but does not
tell the task about the model. The task therefore looks for the component on the stack.
"""

import contextlib
import json
import sys
from dataclasses import fields, is_dataclass
from functools import partial
from typing import Any

from spacy_llm.pipeline import LLMWrapper

from .model import ParallelDecoder

TASK = "spacy_padellm.NER.v1"


def component_asking_for(task: object) -> LLMWrapper | None:
    """Return the component of this task on the call stack, or None."""
    frame = sys._getframe(1)
    while frame is not None:
        caller = frame.f_locals.get("self")
        if isinstance(caller, LLMWrapper) and vars(caller).get("_task") is task:
            return caller
        frame = frame.f_back
    return None


def cache_key(settings: dict[str, Any], component: LLMWrapper | None) -> str:
    """Return the task's settings and the component's model as readable JSON.

    If the cache has no folder, the model is not included, so its files are not read.
    """
    key = {"task": TASK, **settings}
    if component is not None and getattr(component._cache, "_path", True) is not None:
        key["model"] = _identity(component._model)
    return json.dumps(key, indent=2)


def _identity(model: Any) -> Any:
    return model.identity if isinstance(model, ParallelDecoder) else name_of(model)


def name_of(value: Any, inside: tuple[int, ...] = ()) -> Any:
    """What tells a function or an object from others, in any process: the module and
    name of the function, or of the object's class. Of a partial, also the arguments; of
    a closure, the values that it holds; of a dataclass, the fields; of anything else,
    its repr, if that has no address.

    inside: the ids of what holds the value, for functions that hold themselves.
    """
    if value is None or isinstance(value, str | int | float):
        return value
    named = value if hasattr(value, "__qualname__") else type(value)
    module = getattr(named, "__module__", "builtins")  # str.upper has none
    name = f"{module}.{named.__qualname__}"
    if id(value) in inside:
        return name
    if isinstance(value, dict):
        held = [*value.items()]
    elif isinstance(value, list | tuple):
        held = [*value]
    elif isinstance(value, set | frozenset):
        held = sorted(value, key=repr)
    elif isinstance(value, partial):
        held = [value.func, value.args, value.keywords]
    elif is_dataclass(value) and not isinstance(value, type):
        held = [getattr(value, field.name) for field in fields(value)]
    elif named is value:
        held = _held(value)
    else:
        held = [text] if " at 0x" not in (text := repr(value)) else []
    return (
        [name, *(name_of(one, (*inside, id(value))) for one in held)] if held else name
    )


def _held(function: Any) -> list[Any]:
    """The values that a closure holds."""
    found = []
    for cell in getattr(function, "__closure__", None) or ():
        with contextlib.suppress(ValueError):  # nothing is in the cell yet
            found.append(cell.cell_contents)
    return found
