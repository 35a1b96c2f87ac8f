"""A component of a pipeline by its name."""

from spacy.language import Language

from ..errors import Errors
from .language import component_names
from .padellm_ner import PaDeLLMNER


def find_component(nlp: Language, name: str | None) -> PaDeLLMNER:
    """The padellm_ner of that name, or the only one if you give no name.

    Raises ValueError (E406) if there is none, or several to choose from.
    """
    found = component_names(nlp)
    if name is None and len(found) == 1:
        return nlp.get_pipe(found[0])
    if name not in found:
        there = ", ".join(found) or "none"
        wanted = "the pipeline's only one" if name is None else repr(name)
        raise ValueError(Errors.E406.format(wanted=wanted, found=there))
    return nlp.get_pipe(name)
