"""A trained pipeline's model as a plain checkpoint, for engines without adapters."""

import hashlib
from copy import copy
from pathlib import Path

from transformers import GenerationConfig

from spacy_padellm.models.shim import causal_lm_shim
from spacy_padellm.pipeline.padellm_ner import PaDeLLMNER

DONE = "merged.txt"


def merged_checkpoint(ner: PaDeLLMNER, folder: Path) -> Path:
    """The base with a component's adapter added to its weights, and the tokenizer
    beside it; made anew only where the adapter has changed.

    Returns `folder`.
    """
    shim = causal_lm_shim(ner.model)
    learned = b"" if shim.lm.name is None else shim.lm.weights()
    source = f"{shim.settings.base} {hashlib.sha256(learned).hexdigest()}"
    note = folder / DONE
    if note.is_file() and note.read_text(encoding="utf8") == source:
        return folder
    base = shim.lm.merged().base
    model = copy(base.model)
    # a checkpoint's own end or repetition penalty is no part of a comparison
    model.generation_config = GenerationConfig()
    model.save_pretrained(folder)
    base.tokenizer.save_pretrained(folder)
    # written last: it says that the files beside it are whole
    note.write_text(source, encoding="utf8")
    return folder
