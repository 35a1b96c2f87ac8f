"""What a model's settings may be; all is checked before anything is loaded."""

import inspect

import pytest
import torch
from thinc.api import Linear

from spacy_padellm.bases.devices import resolve_device, resolve_dtype
from spacy_padellm.model.architectures import build_causal_lm_v1
from spacy_padellm.model.shim import causal_lm_shim


@pytest.mark.parametrize(
    "device",
    ["gpu", "", "cuda:", "cuda:x", "cuda:-1", "cpu:0", "cpu:", "mps:1", "CUDA"],
)
def test_a_device_that_is_none(device):
    with pytest.raises(ValueError, match="E702") as error:
        build_causal_lm_v1(device=device)
    assert repr(device) in str(error.value)


@pytest.mark.parametrize(
    ("device", "there"),
    [
        ("cuda", torch.cuda.is_available()),
        ("cuda:0", torch.cuda.is_available()),
        ("cuda:99", False),
        ("mps", torch.backends.mps.is_available()),
    ],
)
def test_a_device_that_is_not_there(device, there):
    """Is told when the pipeline is built, before any doc is touched."""
    if there:
        pytest.skip(f"this machine has {device}")
    with pytest.raises(ValueError, match=f"E703.*'{device}'.*'auto'"):
        build_causal_lm_v1(device=device)


def test_auto_is_the_best_there_is():
    found = resolve_device("auto")
    if torch.cuda.is_available():
        assert found == f"cuda:{torch.cuda.current_device()}"
    else:
        assert found == ("mps" if torch.backends.mps.is_available() else "cpu")
    assert resolve_device("cpu") == "cpu"


@pytest.mark.parametrize(
    ("dtype", "device", "expected"),
    [
        ("auto", "cpu", torch.float32),
        ("auto", "mps", torch.float32),
        ("auto", "cuda:1", torch.bfloat16),
        ("bfloat16", "cpu", torch.bfloat16),
        ("float16", "cpu", torch.float16),
        ("float32", "cuda:0", torch.float32),
    ],
)
def test_auto_precision_is_by_device(dtype, device, expected):
    assert resolve_dtype(dtype, device) == expected


@pytest.mark.parametrize("dtype", ["fp16", "int4", ""])
def test_a_dtype_that_is_none(dtype):
    with pytest.raises(
        ValueError, match="E704.*auto, float32, bfloat16, float16, int8"
    ):
        build_causal_lm_v1(dtype=dtype)
    with pytest.raises(ValueError, match="E704"):
        resolve_dtype(dtype, "cpu")


def test_a_microbatch_has_one_token_or_more():
    with pytest.raises(ValueError, match="E502.*train_batch_tokens is 0"):
        build_causal_lm_v1(train_batch_tokens=0)


def test_settings_reach_the_shim():
    settings = causal_lm_shim(
        build_causal_lm_v1(
            base="b", device="cpu", lora={"r": 3, "target_modules": ["q_proj"]}
        )
    ).settings
    assert (settings.base, settings.device) == ("b", "cpu")
    assert settings.lora == {"r": 3, "target_modules": ["q_proj"]}


def test_every_setting_has_a_default_and_is_told_of():
    for name, parameter in inspect.signature(build_causal_lm_v1).parameters.items():
        assert parameter.default is not parameter.empty
        told = "lora_*" if name.startswith("lora_") else name
        assert f"{told}:" in build_causal_lm_v1.__doc__


def test_another_model_is_refused():
    with pytest.raises(ValueError, match="E705.*'linear'"):
        causal_lm_shim(Linear())
