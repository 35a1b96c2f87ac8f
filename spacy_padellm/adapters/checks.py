"""What an adapter's config may say. It may come from anybody, and PEFT obeys it."""

import json
import math
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NoReturn

from ..errors import Errors

# PEFT's words for all linear layers, and for none beside `modules_to_save`.
GROUPS = ("all-linear", "dummy-target-modules")
# PEFT marks a whole path with a circumflex.
NAME = re.compile(r"\^?[\w-]+(\.[\w-]+)*")
# A module of a layer: its path has the number of the layer.
IN_A_LAYER = re.compile(r"\.\d+\.")
LORA = re.compile(r"base_model\.model\.(?P<module>.+?)\.lora_")
NAMES = "it must be a list of names of modules, without regular expressions"
TOKENS = "it must be a list of token ids, or a table of such lists by module"

# Other values change weights of the base, import code by its name, need passes of their
# own, or cannot be saved, loaded or merged.
UNSUPPORTED = {
    "bias": (None, "none"),
    "lora_bias": (None, False),
    "ensure_weight_tying": (None, False),
    "runtime_config": (),
    "layer_replication": (None, []),
    "init_lora_weights": (None, True, False, "gaussian", "orthogonal", "eva"),
    "target_parameters": (None, []),
    "megatron_config": (None,),
    "alora_invocation_tokens": (None,),
    "use_qalora": (None, False),
    "use_bdlora": (None, False),
    "velora_config": (None,),
    "monteclora_config": (None,),
    "arrow_config": (None,),
    "kasa_config": (None,),
}
# Arguments of LoraConfig that are computed as PEFT does.
SUPPORTED = {
    *("r", "lora_alpha", "use_rslora", "rank_pattern", "alpha_pattern", "use_dora"),
    *("target_modules", "exclude_modules", "layers_to_transform", "layers_pattern"),
    *("modules_to_save", "trainable_token_indices"),
}
# Those that change nothing: they describe the adapter, belong to values that are not
# supported, or are set elsewhere, as spaCy does with the dropout. The last four are not
# PEFT's: ms-swift writes them, and they only concern its training.
WITHOUT_EFFECT = {
    *("task_type", "peft_type", "auto_mapping", "peft_version", "inference_mode"),
    *("base_model_name_or_path", "revision", "lora_dropout", "fan_in_fan_out"),
    *("loftq_config", "eva_config", "corda_config", "lora_ga_config"),
    *("megatron_core", "qalora_group_size"),
    *("lorap_emb_lr", "lorap_lr_ratio", "lora_dtype", "swift_type"),
}
KNOWN = UNSUPPORTED.keys() | SUPPORTED | WITHOUT_EFFECT


def unsupported_settings(config: Mapping[str, Any]) -> list[str]:
    """The arguments of a LoraConfig that change weights of the base, or that this
    package does not compute. Arguments of a later PEFT may do either."""
    refused = [
        setting
        for setting, value in config.items()
        if value not in UNSUPPORTED.get(setting, (value,))
        or (setting not in KNOWN and value)
    ]
    return [f"{setting} = {_shown(config[setting])}" for setting in refused]


def check_patterns(config: Mapping[str, Any], path: Path | str) -> None:
    """Raises ValueError (E336) for patterns where there have to be names: a regular
    expression can take forever. Also for numbers that cannot be computed with. path: of
    the config, for the error."""
    for setting, value, is_allowed in _names(config):
        if not is_allowed:
            _refuse(path, setting, value, NAMES)
    alphas = (config.get("alpha_pattern") or {}).values()
    for alpha in (config.get("lora_alpha", 1), *alphas):
        if alpha is not None and not _is_finite(alpha):
            _refuse(path, "lora_alpha", alpha, "it must be a finite number")
    indices = config.get("trainable_token_indices")
    tables = indices.values() if isinstance(indices, Mapping) else [indices]
    if indices is not None and not all(map(_are_token_ids, tables)):
        _refuse(path, "trainable_token_indices", indices, TOKENS)


def needs_own_base(config: Mapping[str, Any], modules: Iterable[str] = ()) -> bool:
    """Whether an adapter changes modules that every other adapter computes with, and so
    cannot share the base: copies of layers, embeddings, the output layer.

    modules: the paths of the modules that its LoRA is on.
    """
    return bool(
        config.get("modules_to_save")
        or config.get("trainable_token_indices")
        or any(not IN_A_LAYER.search(f".{module}.") for module in modules)
    )


def tensor_names(tensors: bytes) -> list[str]:
    """The names in the header of safetensors."""
    length = int.from_bytes(tensors[:8], "little")
    header = json.loads(tensors[8 : 8 + length])
    return [name for name in header if name != "__metadata__"]


def lora_modules(weights: bytes) -> set[str]:
    """The paths of the modules that an adapter's LoRA is on."""
    matches = map(LORA.match, tensor_names(weights))
    return {match["module"] for match in matches if match}


def _names(config: Mapping[str, Any]) -> Iterable[tuple[str, Any, bool]]:
    """Each setting that PEFT may read as a pattern, and whether it has names alone."""
    targets = config.get("target_modules")
    if targets not in GROUPS:
        yield "target_modules", targets, targets is None or _are_names(targets)
    for setting in ("exclude_modules", "layers_pattern", "modules_to_save"):
        value = config.get(setting)
        listed = [value] if isinstance(value, str) and value else value
        yield setting, value, not value or _are_names(listed)
    tokens = config.get("trainable_token_indices")
    if isinstance(tokens, Mapping):
        yield "trainable_token_indices", tokens, _are_names(list(tokens))
    for setting in ("rank_pattern", "alpha_pattern"):
        value = config.get(setting)
        is_table = isinstance(value, Mapping) and _are_names(list(value))
        yield setting, value, value is None or is_table


def _are_names(value: Any) -> bool:
    return isinstance(value, list | tuple | set | frozenset) and all(
        isinstance(name, str) and NAME.fullmatch(name) for name in value
    )


def _is_finite(value: Any) -> bool:
    if not isinstance(value, int | float) or isinstance(value, bool):
        return False
    try:
        return math.isfinite(value)
    except OverflowError:  # an integer that is too large for a float
        return False


def _are_token_ids(value: Any) -> bool:
    return isinstance(value, list | tuple) and all(
        type(token) is int and 0 <= token < 2**31 for token in value
    )


def _refuse(path: Path | str, setting: str, value: Any, allowed: str) -> NoReturn:
    raise ValueError(
        Errors.E336.format(
            path=path, setting=setting, value=_shown(value), allowed=allowed
        )
    )


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:60]}…"
