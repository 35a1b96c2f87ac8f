"""The registered model of the component."""

from collections.abc import Sequence

from thinc.api import Model

from ..errors import Errors
from ..settings import check_positive, check_share
from ..trees.packing import GoldTree
from .devices import DTYPES, MERGE, check_device_name
from .shim import CausalLMSettings, CausalLMShim
from .weights import DEFAULT_BASE


def build_causal_lm_v1(
    *,
    base: str = DEFAULT_BASE,
    revision: str | None = None,
    adapter: str | None = None,
    device: str = "auto",
    dtype: str = "auto",
    merge_adapter: str = "auto",
    cuda_graphs: bool = False,
    trust_remote_code: bool = False,
    train_batch_tokens: int = 1024,
    label_smoothing: float = 0.0,
    lora_rank: int = 16,
    lora_alpha: int = 32,
    lora_targets: str | list[str] = "all-linear",
    lora_rslora: bool = False,
    lora_dora: bool = False,
    full_finetuning: bool = False,
) -> Model[Sequence[GoldTree], float]:
    """A causal language model with a LoRA adapter.

    base: the embedded base by name, a folder, or an id of the Hugging Face hub.
    revision: a hub id's branch, tag or commit.
    adapter: a PEFT folder, or one that comes with the package: "default", for English,
        or "chinese". Null uses the default too if the base is the embedded one, and no
        adapter on any other base; training then starts a new adapter.
    device: "auto", "cpu", "cuda", "cuda:1", "mps".
    dtype: the base's: "auto", "float32", "bfloat16", "float16"; or "int8", on a CPU:
        float32, but for the products while entities are looked for.
    merge_adapter: whether these products have the adapter in them, in a copy of the
        base's weights: "always", "never", or "auto" for up to 2 GiB of weights. On a
        CPU, weights of up to 2 GiB are copied in any case, into the order that it
        multiplies fastest.
    cuda_graphs: on CUDA, launch the passes over a text that is read alone as graphs.
    trust_remote_code: run Python code that comes with the base.
    train_batch_tokens: padded tokens in a training microbatch, at most; changes memory
        and speed, no result. A GPU wants 4096 and more.
    label_smoothing: in training, share of the target that all tokens have alike.
    lora_*: a new adapter's shape, see PEFT's LoraConfig.
    full_finetuning: a new adapter is no LoRA but copies of all linear layers but the
        output layer, trained in float32, for which the base is loaded once more. A
        saved pipeline holds them: 425 MB with the embedded base.

    Nothing is loaded before it is needed.
    """
    check_device_name(device)
    if device not in ("auto", "cpu"):
        from .devices import resolve_device

        resolve_device(device)
    if dtype not in DTYPES:
        raise ValueError(Errors.E704.format(dtype=dtype, known=", ".join(DTYPES)))
    if merge_adapter not in MERGE:
        raise ValueError(
            Errors.E708.format(merge=merge_adapter, known=", ".join(MERGE))
        )
    check_positive(
        train_batch_tokens=train_batch_tokens,
        lora_rank=lora_rank,
        lora_alpha=lora_alpha,
    )
    check_share(label_smoothing=label_smoothing)
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
        label_smoothing=label_smoothing,
        lora={
            "rank": lora_rank,
            "alpha": lora_alpha,
            "targets": lora_targets,
            "rslora": lora_rslora,
            "dora": lora_dora,
            "full": full_finetuning,
        },
    )
    return Model("causal_lm", causal_lm_forward, shims=[CausalLMShim(settings)])


def causal_lm_forward(model: Model, trees: Sequence[GoldTree], is_train: bool):
    """The mean loss of gold trees, and a callback that has nothing left to do."""
    return model.shims[0](trees, is_train)
