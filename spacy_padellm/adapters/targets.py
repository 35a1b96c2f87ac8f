"""The modules of a base that a LoRA adapter is put on."""

import re
from collections.abc import Iterator, Mapping, Sequence
from copy import copy

from peft import LoraConfig
from peft.tuners.tuners_utils import BaseTunerLayer, check_target_module_exists
from peft.utils import TRANSFORMERS_MODELS_TO_LORA_TARGET_MODULES_MAPPING
from peft.utils.other import AuxiliaryTrainingWrapper, get_pattern_key
from torch import nn
from transformers import PreTrainedModel
from transformers.pytorch_utils import Conv1D

PREFIX = "base_model.model."
TOKEN_ROWS = ".trainable_tokens_delta"


def targets(model: PreTrainedModel, config: LoraConfig) -> list[str]:
    """The paths of the modules. Other adapters may be on them already."""
    if config.target_modules == "all-linear":
        config = copy(config)
        config.target_modules = set(_linears(model))
    config = with_names(model, config)
    if config.target_modules is None:
        return []
    return [
        path for path, _ in _modules(model) if check_target_module_exists(config, path)
    ]


def _linears(model: PreTrainedModel) -> Iterator[str]:
    """The paths of all linear layers but the output layer."""
    output = model.get_output_embeddings()
    for path, module in _modules(model):
        if isinstance(plain(module), nn.Linear | Conv1D) and module is not output:
            yield path


def with_names(model: PreTrainedModel, config: LoraConfig) -> LoraConfig:
    """The config with the modules that PEFT chooses, if it names none.

    PEFT itself puts a regular expression there for some bases. An adapter that was
    saved with one could not be loaded.
    """
    names = _usual(model)
    if config.target_modules is not None or not names:
        return config
    config = copy(config)
    config.target_modules = set(names)
    return config


def _usual(model: PreTrainedModel) -> Sequence[str]:
    """The modules that PEFT chooses if a config names none: the ends of their paths, or
    whole paths."""
    names = TRANSFORMERS_MODELS_TO_LORA_TARGET_MODULES_MAPPING.get(
        model.config.model_type, ()
    )
    if isinstance(names, str):
        return [path for path, _ in _modules(model) if re.fullmatch(names, path)]
    return names


def lora_faults(
    model: PreTrainedModel, config: LoraConfig, shapes: Mapping[str, Sequence[int]]
) -> list[str]:
    """Where the ranks and modules of a config are not those of its tensors.

    This takes no memory, so check it before PEFT makes room for the tensors.

    shapes: of the tensors, by name.
    """
    faults, keys = [], set()
    modules = dict(_modules(model))
    for path in targets(model, config):
        module = plain(modules[path])
        weight = getattr(module, "weight", None)
        if weight is None or weight.dim() != 2:
            continue  # PEFT says that it is none of its modules
        key = f"{PREFIX}{path}.lora_A.weight"
        width = weight.shape[1] if isinstance(module, nn.Linear) else weight.shape[0]
        if isinstance(module, nn.Embedding):
            key = f"{PREFIX}{path}.lora_embedding_A"
        pattern = get_pattern_key(config.rank_pattern.keys(), path)
        expected = [config.rank_pattern.get(pattern, config.r), width]
        keys.add(key)
        if key not in shapes:
            faults.append(f"missing {key}")
        elif list(shapes[key]) != expected:
            faults.append(f"{key} has shape {list(shapes[key])} for {expected}")
    down = [key for key in shapes if ".lora_A." in key or ".lora_embedding_A" in key]
    faults += [f"foreign {key}" for key in down if key not in keys]
    return faults + _token_faults(config, shapes)


def _token_faults(config: LoraConfig, shapes: Mapping[str, Sequence[int]]) -> list[str]:
    """Lists of token ids that no tensor is as long as. Tied modules share a tensor."""
    indices = config.trainable_token_indices or []
    tables = indices.values() if isinstance(indices, Mapping) else [indices]
    found = {shape[0] for key, shape in shapes.items() if key.endswith(TOKEN_ROWS)}
    return [
        f"{len(table):,} trainable_token_indices for {sorted(found)} rows"
        for table in tables
        if len(table) not in {0, *found}
    ]


def _modules(module: nn.Module, path: str = "") -> Iterator[tuple[str, nn.Module]]:
    """All modules by path, without what PEFT has put into them."""
    for name, child in module.named_children():
        place = f"{path}.{name}" if path else name
        yield place, child
        if not isinstance(child, BaseTunerLayer | AuxiliaryTrainingWrapper):
            yield from _modules(child, place)


def plain(module: nn.Module) -> nn.Module:
    """The base's module in the place of `module`, which PEFT may have wrapped."""
    if isinstance(module, BaseTunerLayer):
        return module.get_base_layer()
    if isinstance(module, AuxiliaryTrainingWrapper):
        return module.original_module
    return module
