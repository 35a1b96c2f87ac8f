"""An adapted model as a plain checkpoint, for engines without adapters."""

from copy import copy
from pathlib import Path

from transformers import GenerationConfig

from ..errors import Errors
from .adapted import AdaptedLM


def write_checkpoint(lm: AdaptedLM, folder: Path) -> None:
    """Write the base with the adapter merged into its weights, and its tokenizer.
    `from_pretrained` and `spacy_padellm.CausalLM.v1` read the folder.

    Raises ValueError (E715) for an adapter with a head, which would be lost.
    """
    if lm.head is not None:
        raise ValueError(Errors.E715)
    base = lm.merged().base
    model = copy(base.model)
    # the base's penalties and sampling settings would change the adapter's output
    model.generation_config = GenerationConfig()
    model.save_pretrained(folder)
    base.tokenizer.save_pretrained(folder)
