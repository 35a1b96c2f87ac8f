"""An adapted model as a plain checkpoint, for engines that know no adapters."""

from copy import copy
from pathlib import Path

from transformers import GenerationConfig

from .adapted import AdaptedLM


def write_checkpoint(lm: AdaptedLM, folder: Path) -> None:
    """Write the base with the adapter added to its weights, as safetensors, and its
    tokenizer: what `from_pretrained` reads, and a base for `spacy_padellm.CausalLM.v1`.
    """
    base = lm.merged().base
    model = copy(base.model)
    # the base's own penalties and sampling would change what the adapter has learned
    model.generation_config = GenerationConfig()
    model.save_pretrained(folder)
    base.tokenizer.save_pretrained(folder)
