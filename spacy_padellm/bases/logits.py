"""What some kinds of bases do with the logits of their output layer."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch


def scaled_logits(logits: "torch.Tensor", config: Any) -> "torch.Tensor":
    """The logits as the base's own forward pass returns them, in float32.

    config: of the base, with the fields of Granite (`logits_scaling`), of Cohere
        (`logit_scale`) and of Gemma (`final_logit_softcapping`).
    """
    logits = logits.float()
    if scaling := getattr(config, "logits_scaling", None):
        multiplies = config.model_type.startswith("hyperclovax")
        logits = logits * scaling if multiplies else logits / scaling
    if factor := getattr(config, "logit_scale", None):
        logits = logits * factor
    if cap := getattr(config, "final_logit_softcapping", None):
        logits = (logits / cap).tanh() * cap
    return logits
