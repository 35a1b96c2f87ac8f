"""The registered model of the component."""

from collections.abc import Sequence
from typing import Any

from spacy.tokens import Doc
from thinc.api import Model

from ..adapters.shipped import AUTO
from ..bases.devices import DTYPES, MERGE, check_device_name, resolve_device
from ..bases.weights import DEFAULT_BASE
from ..errors import Errors
from ..settings import check_positive
from ..trees.packing import PackedTree
from .configured_base import CausalLMSettings
from .shim import CausalLMShim

# A new adapter, in the words of PEFT's `LoraConfig`.
DEFAULT_LORA = {
    "r": 16,
    "lora_alpha": 32,
    "use_rslora": True,
    "target_modules": "all-linear",
}


def build_causal_lm_v1(
    *,
    base: str = DEFAULT_BASE,
    revision: str | None = None,
    adapter: str | None = AUTO,
    device: str = "auto",
    dtype: str = "auto",
    merge_adapter: str = "auto",
    cuda_graphs: bool = False,
    trust_remote_code: bool = False,
    train_batch_tokens: int = 1024,
    layers: int | None = None,
    lora: dict[str, Any] | None = None,
) -> Model[Sequence[PackedTree], float]:
    """A causal language model with a LoRA adapter.

    base: the embedded base by name, a folder, or an id of the Hugging Face hub.
    revision: a hub id's branch, tag or commit.
    adapter: to predict with, and to start training from: a PEFT folder, or one that
        comes with the base. That is "default", for English, on both bases by name;
        "english-fast", on the first 20 layers of SmolLM2; "english-padellm" and
        "chinese", in the format PaDeLLM, on SmolLM2; "chinese" and "multilingual" on
        Gemma. "auto" is the default one if the base has one, and
        null otherwise. Null is no adapter; training starts a new one.
    device: "auto", "cpu", "cuda", "cuda:1", "mps".
    dtype: of the base: "auto", "float32", "bfloat16", "float16"; or "int8", on a CPU:
        float32 weights, with 8-bit matrix products when the component predicts.
    merge_adapter: whether prediction uses a copy of the base's weights with the adapter
        merged into them: "always", "never", or "auto" for up to 2 GiB of weights. On a
        CPU, weights of up to 2 GiB are copied in any case, into the order that it
        multiplies fastest.
    cuda_graphs: on CUDA, launch passes over a single text as graphs, in formats that
        generate.
    trust_remote_code: run Python code that comes with the base. It needs your consent
        in the environment too: SPACY_PADELLM_TRUST_REMOTE_CODE=1.
    train_batch_tokens: padded tokens in a training microbatch, at most. It changes
        memory and speed, not the result. A GPU wants 16,384 and more.
    layers: the base's first layers that a new adapter is trained on; those above them
        are dropped. Null is all of them. The card of an adapter that was trained on
        fewer layers has the number.
    lora: a new adapter, as arguments of PEFT's `LoraConfig`. Null is `DEFAULT_LORA`.
        `modules_to_save` trains copies of whole layers, and loads the base once more.

    Nothing is loaded before it is needed.
    """
    check_device_name(device)
    if device not in ("auto", "cpu"):
        resolve_device(device)
    if dtype not in DTYPES:
        raise ValueError(Errors.E704.format(dtype=dtype, known=", ".join(DTYPES)))
    if merge_adapter not in MERGE:
        raise ValueError(
            Errors.E708.format(merge=merge_adapter, known=", ".join(MERGE))
        )
    check_positive(train_batch_tokens=train_batch_tokens)
    if layers is not None:
        check_positive(layers=layers)
    settings = CausalLMSettings(
        base=base,
        revision=revision,
        adapter=adapter,
        device=device,
        dtype=dtype,
        merge_adapter=merge_adapter,
        cuda_graphs=cuda_graphs,
        trust_remote_code=trust_remote_code,
        train_batch_tokens=train_batch_tokens,
        layers=layers,
        lora=DEFAULT_LORA if lora is None else lora,
    )
    shims = [CausalLMShim(settings)]
    return Model("causal_lm", causal_lm_forward, init=causal_lm_init, shims=shims)


def causal_lm_init(model: Model, X: Any = None, Y: Any = None) -> None:
    """Does nothing: the component initializes the shim. thinc's own default refers to
    the model, so the weights would stay in memory until Python looks for cycles."""


def causal_lm_forward(model: Model, trees: Sequence[PackedTree], is_train: bool):
    """The mean loss of gold trees, and a callback that does nothing: the gradients are
    there. Raises ValueError (E717) for docs."""
    if any(isinstance(tree, Doc) for tree in trees):
        raise ValueError(Errors.E717)
    return model.shims[0](trees, is_train)
