"""Whether a base's config.json claims more than its weights hold."""

import copy
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

from ..errors import Errors
from .fingerprint import tensor_headers
from .native_code import quantization

# transformers says more exactly what is missing, but makes room for all of it first.
# This many times the weights may be claimed until then.
MOST = 2
# The first number in a name, as in "model.layers.7.mlp.experts.0.weight".
LAYER = re.compile(r"\D*?\.(?P<number>\d+)\.")


def check_claims(config: Any, folder: Path, *, trust_remote_code: bool) -> None:
    """Takes no memory. Raises ValueError (E330, E341).

    Quantized weights may hold many numbers in an integer. All others are compared as
    if they were not quantized.

    config: transformers' config of the model in `folder`.
    """
    packed = bool(quantization(config))
    headers = tensor_headers(folder)
    sizes = {name: _most(*header, packed) for name, header in headers.items()}
    n_layers = getattr(config.get_text_config(), "num_hidden_layers", None) or 0
    if n_layers > len(sizes):  # to build them could take forever
        _refuse(folder, f"{n_layers:,} layers", f"{len(sizes):,} tensors")
    claimed = _claimed(config, folder, trust_remote_code)
    if packed:
        _check_parts(claimed, sizes, folder)
    numbers, found = sum(claimed.values()), sum(sizes.values())
    if numbers > MOST * found:
        _refuse(folder, f"{numbers:,} numbers", f"{found:,}")


def _check_parts(
    claimed: Mapping[str, int], sizes: Mapping[str, int], folder: Path
) -> None:
    """The layers, and the tensors that are not packed, such as the embeddings. The sum
    says little about a packed model: 4-bit weights could hold eight times as much."""
    n_layers, found = len(_layers(claimed)), len(_layers(sizes))
    if n_layers > found:
        _refuse(folder, f"{n_layers:,} layers", f"{found:,}")
    for name in claimed.keys() & sizes.keys():
        if claimed[name] > MOST * sizes[name]:
            _refuse(folder, f"{claimed[name]:,} numbers in {name}", f"{sizes[name]:,}")


def _layers(names: Iterable[str]) -> set[str]:
    """The numbers of the layers that have tensors."""
    matches = map(LAYER.match, names)
    return {match["number"] for match in matches if match}


def _most(dtype: str, shape: Sequence[int], packed: bool) -> int:
    """How many numbers a tensor holds, at most one in a bit if it may be packed."""
    bits = re.fullmatch(r"[IU](\d+)", dtype) if packed else None
    return math.prod(shape) * (int(bits[1]) if bits else 1)


def _refuse(folder: Path, claimed: str, found: str) -> NoReturn:
    raise ValueError(Errors.E341.format(path=folder, claimed=claimed, found=found))


def _claimed(config: Any, folder: Path, trust_remote_code: bool) -> dict[str, int]:
    """How many numbers each parameter of the model has."""
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
    return {name: one.numel() for name, one in model.named_parameters()}
