"""Whether a base's config.json claims more than its weights hold."""

import copy
from pathlib import Path
from typing import Any

from ..errors import Errors
from .fingerprint import tensor_sizes

# transformers says more exactly what is missing, but makes room for all of it first.
# This many times the weights may be claimed until then.
MOST = 2


def check_claims(config: Any, folder: Path, *, trust_remote_code: bool) -> None:
    """Takes no memory. Raises ValueError (E330, E341).

    config: transformers' config of the model in `folder`.
    """
    if getattr(config, "quantization_config", None):
        return  # its numbers are packed
    sizes = tensor_sizes(folder)
    n_layers = getattr(config.get_text_config(), "num_hidden_layers", None) or 0
    if n_layers > len(sizes):  # to build them could take forever
        claimed, found = f"{n_layers:,} layers", f"{len(sizes):,} tensors"
        raise ValueError(Errors.E341.format(path=folder, claimed=claimed, found=found))
    numbers = _numbers(config, folder, trust_remote_code)
    if numbers > MOST * sum(sizes):
        claimed, found = f"{numbers:,} numbers", f"{sum(sizes):,}"
        raise ValueError(Errors.E341.format(path=folder, claimed=claimed, found=found))


def _numbers(config: Any, folder: Path, trust_remote_code: bool) -> int:
    """How many numbers the model has."""
    import torch
    from transformers import AutoModelForCausalLM

    try:
        with torch.device("meta"):
            # The file may name an attention from the hub, which is native code. Every
            # model has this one, and nothing is computed here.
            model = AutoModelForCausalLM.from_config(
                copy.deepcopy(config),  # it is changed
                trust_remote_code=trust_remote_code,
                attn_implementation="eager",
            )
    except Exception as error:  # transformers raises many types
        reason = (str(error).strip() or repr(error)).splitlines()[0]
        raise ValueError(Errors.E330.format(path=folder, reason=reason)) from error
    return sum(parameter.numel() for parameter in model.parameters())
