"""All messages to the user. Each says what is wrong, what is allowed and what to do.

A message is a template for `str.format`. Its code is in one file of this subpackage,
as the first digits say:

E2xx: `corpora`. E301 to E349, E7xx: `models`. E35x, E36x: `servers`. E4xx: `commands`.
All others: `component`. Codes with W: `warnings`. None is a code of spaCy's own, under
which users would find spaCy's message.
"""

from .commands import CommandErrors
from .component import ComponentErrors
from .corpora import CorpusErrors
from .models import ModelErrors
from .servers import ServerErrors
from .warnings import Warnings

__all__ = ["Errors", "Warnings"]


class Errors(CorpusErrors, ModelErrors, ServerErrors, CommandErrors, ComponentErrors):
    """Every error, by its code."""
