"""A component's model as a plain checkpoint, which vLLM can load."""

import hashlib
from pathlib import Path
from typing import Any

from spacy_padellm.adapters.merged import write_checkpoint
from spacy_padellm.model.shim import causal_lm_shim
from spacy_padellm.pipeline.padellm_ner import PaDeLLMNER

from ...results_cache import cached


def merged_checkpoint(ner: PaDeLLMNER, folder: Path) -> Path:
    """Write the checkpoint into `folder`, unless it is there already; return `folder`.

    It is written again if the base, its dtype or the adapter has changed.
    """
    shim = causal_lm_shim(ner.model)
    adapter = b"" if shim.lm.name is None else shim.lm.weights()

    def write() -> dict[str, Any]:
        write_checkpoint(shim.lm, folder)
        return {}

    depends_on = {
        "base": shim.settings.base,
        "dtype": str(shim.lm.base.model.dtype),
        "adapter": hashlib.sha256(adapter).hexdigest(),
    }
    cached(folder / "merged.json", depends_on, write)
    return folder
