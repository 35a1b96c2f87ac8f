"""A trained pipeline's model as a plain checkpoint, kept from run to run."""

import hashlib
from pathlib import Path

from spacy_padellm.models.checkpoint import write_checkpoint
from spacy_padellm.models.shim import causal_lm_shim
from spacy_padellm.pipeline.padellm_ner import PaDeLLMNER

DONE = "merged.txt"


def merged_checkpoint(ner: PaDeLLMNER, folder: Path) -> Path:
    """The checkpoint of a component's model, made anew only where the adapter has
    changed. Returns `folder`."""
    shim = causal_lm_shim(ner.model)
    learned = b"" if shim.lm.name is None else shim.lm.weights()
    digest = hashlib.sha256(learned).hexdigest()
    source = f"{shim.settings.base} {shim.lm.base.model.dtype} {digest}"
    note = folder / DONE
    if note.is_file() and note.read_text(encoding="utf8") == source:
        return folder
    write_checkpoint(shim.lm, folder)
    # written last: it says that the files beside it are whole
    note.write_text(source, encoding="utf8")
    return folder
