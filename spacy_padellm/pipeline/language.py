"""The pipeline that a component is in."""

import weakref

from spacy.language import Language

from ..errors import Errors

FACTORY = "padellm_ner"


class PipelineOf:
    """A weak reference to a component's pipeline. It is empty after the component was
    pickled or copied."""

    def __init__(self, nlp: Language | None = None) -> None:
        self._ref = None if nlp is None else weakref.ref(nlp)

    def __call__(self) -> Language | None:
        return None if self._ref is None else self._ref()

    def __reduce__(self) -> tuple:
        return PipelineOf, ()


def component_names(nlp: Language) -> list[str]:
    """The names of the pipeline's padellm_ner components, in order."""
    return [
        name for name in nlp.pipe_names if nlp.get_pipe_meta(name).factory == FACTORY
    ]


def check_spans_key(nlp: Language | None, name: str, spans_key: str | None) -> None:
    """Raise ValueError (E809) if another active component writes to the same span
    group.

    Each would overwrite the other's spans. Several padellm_ner may share a group.
    """
    if nlp is None or spans_key is None:
        return
    for other in nlp.pipe_names:
        meta = nlp.get_pipe_meta(other)
        if meta.factory == FACTORY or "doc.spans" not in meta.assigns:
            continue
        if nlp.get_pipe_config(other).get("spans_key") == spans_key:
            raise ValueError(
                Errors.E809.format(name=name, other=other, spans_key=spans_key)
            )
