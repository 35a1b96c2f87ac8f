"""Native code for a base: none is fetched, and none is run because its folder says so.

transformers, and packages that it calls, download native code from the Hugging Face hub
and run it, for example for weights in FP8. They need the package `kernels` for it.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ..errors import Errors
from ..locks import BUILDING

# Methods that compute with torch, or with a package that is installed, in all passes.
LOCAL = ("bitnet", "compressed-tensors", "gemma", "quanto", "torchao")


@contextmanager
def offline() -> Iterator[None]:
    """Nothing in this process reaches the Hugging Face hub meanwhile.

    Some models ask it when transformers imports their code, others when they are built.
    """
    from huggingface_hub import constants

    with BUILDING:  # the switch is one for all threads
        was_offline = constants.HF_HUB_OFFLINE
        constants.HF_HUB_OFFLINE = True
        try:
            yield
        finally:
            constants.HF_HUB_OFFLINE = was_offline


def quantization(config: Any) -> Any:
    """How the weights of a base are quantized, or something that is false.

    config: transformers' config of the base.
    """
    own = getattr(config, "quantization_config", None)
    return own or getattr(config.get_text_config(), "quantization_config", None)


def check_quantization(config: Any, folder: Path) -> None:
    """Raises ValueError (E344) for a base whose quantization may need native code from
    the hub, also if only for its first pass.

    config: transformers' config of the model in `folder`.
    """
    settings = quantization(config)
    if not settings:
        return
    method = settings
    if isinstance(settings, Mapping):  # transformers looks at these settings first
        by_bits = settings.get("load_in_8bit") or settings.get("load_in_4bit")
        method = "bitsandbytes" if by_bits else settings.get("quant_method")
    if method not in LOCAL:
        known = ", ".join(LOCAL)
        raise ValueError(Errors.E344.format(path=folder, method=method, known=known))
