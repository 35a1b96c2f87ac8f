"""An adapted model as a plain checkpoint, for engines without adapters."""

from copy import copy
from pathlib import Path

from safetensors import SafetensorError
from transformers import GenerationConfig

from ..errors import Errors
from ..writing import new_folder
from .adapted import AdaptedLM


def write_checkpoint(lm: AdaptedLM, folder: Path) -> None:
    """Write the base with the adapter merged into its weights, and its tokenizer.
    `from_pretrained` and `spacy_padellm.CausalLM.v1` read the folder.

    folder: new or empty. It appears when everything is written.

    Raises ValueError for an adapter with a head, which would be lost (E715), and if the
    folder cannot be written (E333).
    """
    if lm.head is not None:
        raise ValueError(Errors.E715)
    base = lm.merged().base
    model = copy(base.model)
    # the base's penalties and sampling settings would change the adapter's output
    model.generation_config = GenerationConfig()
    with new_folder(folder) as part:
        try:
            model.save_pretrained(part)
        except SafetensorError as error:  # a full disk, say
            raise OSError(str(error)) from error
        base.tokenizer.save_pretrained(part)
