"""A base is found by name, folder or hub id. Errors say what is wrong with it."""

import json
import os
import shutil
from pathlib import Path

import pytest
import torch
from huggingface_hub import HfApi, constants
from huggingface_hub.errors import OfflineModeIsEnabled
from safetensors.torch import load_file, save_file
from transformers import AutoConfig, Gemma3Config, modeling_utils
from transformers.integrations import hub_kernels
from transformers.quantizers.auto import AUTO_QUANTIZER_MAPPING

from spacy_padellm.bases.claims import check_claims
from spacy_padellm.bases.embedded import EMBEDDED
from spacy_padellm.bases.native_code import LOCAL, check_quantization
from spacy_padellm.bases.weights import (
    DEFAULT_BASE,
    TRUST,
    home,
    is_complete,
    load_base,
    load_tokenizer,
    resolve_base,
)

from ..threads import at_once

QUERY = "model.layers.0.self_attn.q_proj.weight"


@pytest.fixture
def base(tiny_base, tmp_path) -> Path:
    """A copy of the tiny base that tests can damage."""
    return Path(shutil.copytree(tiny_base, tmp_path / "base"))


def load(folder):
    return load_base(folder, device="cpu", dtype=torch.float32)


def change_config(folder, **changes):
    file = folder / "config.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | changes))


def change_tensors(folder, **changes):
    file = folder / "model.safetensors"
    tensors = load_file(file) | changes
    kept = {name: tensor for name, tensor in tensors.items() if tensor is not None}
    save_file(kept, file, metadata={"format": "pt"})


@pytest.mark.skipif(os.name == "nt", reason="LOCALAPPDATA is the cache there")
def test_home_is_the_users_cache_unless_moved(monkeypatch, tmp_path):
    monkeypatch.delenv("SPACY_PADELLM_HOME", raising=False)
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    assert home() == Path.home() / ".cache" / "spacy_padellm"
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert home() == tmp_path / "spacy_padellm"
    monkeypatch.setenv("SPACY_PADELLM_HOME", "~/weights")
    assert home() == Path.home() / "weights"


@pytest.mark.skipif(os.name == "nt", reason="LOCALAPPDATA is the cache there")
def test_a_user_without_a_home_folder_is_told_what_to_set(monkeypatch):
    for variable in ("SPACY_PADELLM_HOME", "XDG_CACHE_HOME", "HOME"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setattr("pwd.getpwuid", {}.__getitem__)
    with pytest.raises(ValueError, match="E349.*SPACY_PADELLM_HOME"):
        home()


@pytest.mark.parametrize("name", EMBEDDED)
def test_an_absent_base_names_the_command_that_fetches_it(monkeypatch, tmp_path, name):
    monkeypatch.setenv("SPACY_PADELLM_HOME", str(tmp_path))
    command = f"python -m spacy_padellm download {name}$"
    with pytest.raises(ValueError, match=command) as error:
        resolve_base(name)
    assert str(tmp_path) in str(error.value)


def test_a_default_without_its_manifest_is_not_taken_for_complete(
    monkeypatch, tmp_path, tiny_base
):
    monkeypatch.setenv("SPACY_PADELLM_HOME", str(tmp_path))
    folder = Path(shutil.copytree(tiny_base, tmp_path / DEFAULT_BASE))
    assert not is_complete(folder)
    with pytest.raises(ValueError, match="E301"):
        resolve_base(DEFAULT_BASE)


def test_a_folder_is_itself(tiny_base, monkeypatch):
    assert resolve_base(str(tiny_base)) == tiny_base
    monkeypatch.chdir(tiny_base.parent)
    assert resolve_base(tiny_base.name) == Path(tiny_base.name)


@pytest.mark.parametrize("name", ["./no", "/no/such", "~/no", r"no\such", "a/b/c"])
def test_a_path_that_is_not_there_is_named_and_never_asked_of_the_hub(name):
    with pytest.raises(ValueError, match="E304") as error:
        resolve_base(name)
    assert name in str(error.value)


def test_a_file_is_not_a_folder(tiny_base):
    with pytest.raises(ValueError, match="E304"):
        resolve_base(str(tiny_base / "config.json"))


@pytest.mark.parametrize("name", [*EMBEDDED, "folder"])
def test_a_revision_is_for_hub_ids(name, tiny_base):
    with pytest.raises(ValueError, match="E314.*'v2'"):
        resolve_base(str(tiny_base) if name == "folder" else name, "v2")


@pytest.mark.parametrize("file", ["config.json", "tokenizer.json", "model.safetensors"])
def test_a_folder_that_lacks_a_file_is_named_with_it(base, file):
    (base / file).unlink()
    with pytest.raises(ValueError, match=f"E302.*lacks {file}") as error:
        resolve_base(str(base))
    assert str(base) in str(error.value)


@pytest.mark.parametrize("file", ["pytorch_model.bin", "model.pt"])
def test_pickled_weights_are_refused_unread(base, file):
    (base / "model.safetensors").rename(base / file)
    with pytest.raises(ValueError, match=f"E303.*{file}.*Only safetensors"):
        resolve_base(str(base))
    with pytest.raises(ValueError, match="E303"):
        load(base)


def test_a_base_is_loaded_frozen_and_in_eval_mode(tiny_base):
    model, tokenizer = load(tiny_base)
    assert not model.training
    assert not any(parameter.requires_grad for parameter in model.parameters())
    assert model.lm_head.weight is model.model.embed_tokens.weight
    assert model.config._attn_implementation == "sdpa"
    assert tokenizer.decode(tokenizer("Japan: 12 é😀").input_ids) == "Japan: 12 é😀"


def test_dtype_is_as_asked(tiny_base):
    model, _ = load_base(tiny_base, device="cpu", dtype=torch.bfloat16)
    assert {parameter.dtype for parameter in model.parameters()} == {torch.bfloat16}


def test_loading_is_quiet_and_leaves_the_verbosity_alone(tiny_base, capfd):
    from transformers.utils import logging

    before = logging.get_verbosity(), logging.is_progress_bar_enabled()
    load(tiny_base)
    assert (logging.get_verbosity(), logging.is_progress_bar_enabled()) == before
    assert capfd.readouterr() == ("", "")


def test_a_missing_tensor_is_named(base):
    change_tensors(base, **{QUERY: None})
    with pytest.raises(ValueError, match=f"E305.*missing {QUERY}"):
        load(base)


def test_an_extra_tensor_is_named(base):
    change_tensors(base, extra=torch.zeros(2))
    with pytest.raises(ValueError, match="E305.*unexpected extra"):
        load(base)


def test_a_tensor_of_another_shape_is_named(base):
    change_tensors(base, **{QUERY: torch.zeros(3, 64)})
    with pytest.raises(ValueError, match=rf"E305.*{QUERY} has shape \[3, 64\]"):
        load(base)


def test_a_head_that_is_not_tied_may_not_be_missing(base):
    change_config(base, tie_word_embeddings=False)
    with pytest.raises(ValueError, match="E305.*missing lm_head.weight"):
        load(base)


@pytest.mark.parametrize(
    "claims",
    [
        {"num_hidden_layers": 10**9},
        {"num_hidden_layers": 12},
        {"hidden_size": 2**20},
        {"vocab_size": 2**33},
        {"intermediate_size": 2**30},
    ],
)
def test_a_config_that_claims_more_than_the_weights_takes_no_memory(
    base, monkeypatch, claims
):
    """It is refused before the weights are loaded."""
    monkeypatch.setattr("transformers.AutoModelForCausalLM.from_pretrained", None)
    change_config(base, **claims)
    with pytest.raises(ValueError, match=f"E341.*{base}"):
        load(base)


def pack(folder, bits):
    """Give the linear layers the shapes of quantized weights."""
    file = folder / "model.safetensors"
    tensors = load_file(file)
    for name in [name for name in tensors if "_proj" in name]:
        rows, columns = tensors.pop(name).shape
        packed = torch.zeros(rows, columns * bits // 32, dtype=torch.int32)
        tensors[name.replace(".weight", ".qweight")] = packed
    save_file(tensors, file, metadata={"format": "pt"})


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("method", ["quanto", "torchao", "compressed-tensors"])
@pytest.mark.parametrize(
    "claims",
    [
        {"num_hidden_layers": 10**9},
        {"num_hidden_layers": 3},
        {"hidden_size": 256},
        {"vocab_size": 20_000_000},
        {"vocab_size": 1_000},
        {"intermediate_size": 2**30},
    ],
)
def test_quantized_weights_are_compared_too(base, monkeypatch, claims, method, packed):
    monkeypatch.setattr("transformers.AutoModelForCausalLM.from_pretrained", None)
    if packed:
        pack(base, 4)
    change_config(base, quantization_config={"quant_method": method}, **claims)
    with pytest.raises(ValueError, match=f"E341.*{base}"):
        load(base)


@pytest.mark.parametrize("bits", [2, 4, 8])
def test_quantized_weights_may_be_packed(base, bits):
    pack(base, bits)
    change_config(base, quantization_config={"quant_method": "gptq", "bits": bits})
    config = AutoConfig.from_pretrained(base)
    check_claims(config, base, trust_remote_code=False)


@pytest.fixture
def no_kernels(monkeypatch):
    """transformers believes that it may load kernels from the hub. None may be asked
    for."""

    def asked(name, *args, **kwargs):
        asked_for.append(name)
        raise ConnectionError(name)

    asked_for = []
    for module in (hub_kernels, modeling_utils):
        monkeypatch.setattr(module, "is_kernels_available", lambda *args: True)
    monkeypatch.setattr(hub_kernels, "get_kernel", asked)
    yield
    assert asked_for == []


@pytest.mark.parametrize(
    "attention",
    ["kernels-community/flash-attn2", "flash_attention_2", {"": "flash_attention_2"}],
)
@pytest.mark.parametrize("setting", ["_attn_implementation", "attn_implementation"])
def test_the_attention_that_a_config_names_is_not_followed(
    base, no_kernels, setting, attention
):
    """It may be native code from the hub."""
    change_config(base, **{setting: attention})
    model, _ = load(base)
    assert model.config._attn_implementation == "sdpa"


@pytest.mark.parametrize(
    "attention", ["kernels-community/flash-attn2", "flash_attention_2"]
)
def test_the_attention_of_a_part_is_not_followed(tiny_base, no_kernels, attention):
    one = {"num_hidden_layers": 1, "hidden_size": 8, "intermediate_size": 8}
    vision = one | {"num_attention_heads": 1}
    config = Gemma3Config(text_config=one | {"vocab_size": 9}, vision_config=vision)
    config.text_config._attn_implementation = attention
    config.vision_config._attn_implementation = attention
    check_claims(config, tiny_base, trust_remote_code=False)


def test_an_adapter_beside_the_weights_is_not_followed(base, monkeypatch):
    """transformers would put it on the base, and PEFT obeys its config."""
    adapter = {"peft_type": "LORA", "base_model_name_or_path": "org/model"}
    (base / "adapter_config.json").write_text(json.dumps(adapter))
    monkeypatch.setattr("transformers.AutoModelForCausalLM.from_pretrained", None)
    for use in (load, resolve_base):
        with pytest.raises(ValueError, match=f"E345.*{base}.*adapter_config.json"):
            use(str(base) if use is resolve_base else base)


def test_other_weights_that_a_config_names_are_not_followed(base, monkeypatch):
    """The fingerprint is that of model.safetensors."""
    shutil.copy(base / "model.safetensors", base / "other.safetensors")
    change_config(base, transformers_weights="other.safetensors")
    monkeypatch.setattr("transformers.AutoModelForCausalLM.from_pretrained", None)
    with pytest.raises(ValueError, match=f"E345.*{base}.*'other.safetensors'"):
        load(base)


FETCH = sorted({*AUTO_QUANTIZER_MAPPING, "nonesuch", ""} - {*LOCAL})


@pytest.mark.parametrize(
    "settings",
    [
        *({"quant_method": method} for method in FETCH),
        {"quant_method": "quanto", "load_in_4bit": True},
        {"quant_method": "quanto", "load_in_8bit": 1},
        {"quant_method": ["quanto"]},
        {"bits": 4},
    ],
    ids=str,
)
def test_a_quantization_that_may_fetch_code_is_refused(
    base, no_kernels, monkeypatch, settings
):
    """Before transformers builds anything by it."""
    monkeypatch.setattr("transformers.AutoModelForCausalLM.from_config", None)
    monkeypatch.setattr("transformers.AutoModelForCausalLM.from_pretrained", None)
    change_config(base, quantization_config=settings)
    with pytest.raises(ValueError, match=f"E344.*{base}.*quanto"):
        load(base)


def test_the_quantization_of_a_part_is_refused_too(tiny_base):
    """transformers follows it."""
    config = Gemma3Config()
    config.text_config.quantization_config = {"quant_method": "fp8"}
    with pytest.raises(ValueError, match=f"E344.*{tiny_base}.*'fp8'"):
        check_quantization(config, tiny_base)


@pytest.mark.parametrize("method", LOCAL)
def test_a_quantization_that_fetches_nothing_is_read(base, method):
    """Whether its package is there, transformers says."""
    change_config(base, quantization_config={"quant_method": method})
    check_quantization(AutoConfig.from_pretrained(base), base)


def ask_the_hub(*args, **kwargs):
    HfApi().model_info("org/model")


@pytest.mark.parametrize(
    "step",
    [
        "AutoConfig.from_pretrained",
        "AutoTokenizer.from_pretrained",
        "AutoModelForCausalLM.from_config",
        "AutoModelForCausalLM.from_pretrained",
    ],
)
def test_no_part_of_transformers_reaches_the_hub(tiny_base, monkeypatch, step):
    """Some modules ask for a kernel when they are imported."""
    was_offline = constants.HF_HUB_OFFLINE
    monkeypatch.setattr(f"transformers.{step}", ask_the_hub)
    with pytest.raises(ValueError, match="E330.*offline") as error:
        load(tiny_base)
    assert isinstance(error.value.__cause__, OfflineModeIsEnabled)
    assert constants.HF_HUB_OFFLINE == was_offline


def test_loads_in_threads_leave_the_hub_as_it_was(tiny_base, monkeypatch):
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    at_once(lambda _: load_tokenizer(tiny_base), 4)
    assert constants.HF_HUB_OFFLINE is False


@pytest.mark.parametrize("file", ["config.json", "tokenizer_config.json"])
def test_deep_json_is_an_error_with_the_path(base, file):
    (base / file).write_text("[" * 1_000_000)
    with pytest.raises(ValueError, match=f"E330.*{base}"):
        load(base)


def test_many_faults_are_cut_short(base):
    change_config(base, num_hidden_layers=1)
    with pytest.raises(ValueError, match="unexpected model.layers.1.* and 4 more"):
        load(base)


@pytest.mark.parametrize(
    "changes",
    [{"model_type": "nonesuch"}, {"model_type": "t5"}, {"num_attention_heads": 7}],
)
def test_a_config_that_is_no_causal_model_is_an_error_with_the_path(base, changes):
    change_config(base, **changes)
    with pytest.raises(ValueError, match="E330") as error:
        load(base)
    assert str(base) in str(error.value)


def test_the_code_of_a_folder_runs_only_if_asked_for(base, tmp_path):
    ran = tmp_path / "ran"
    (base / "configuration_x.py").write_text(f"open({str(ran)!r}, 'w')")
    change_config(base, model_type="x", auto_map={"AutoConfig": "configuration_x.X"})
    with pytest.raises(ValueError, match="E307.*trust_remote_code = true"):
        load(base)
    assert not ran.exists()


@pytest.mark.parametrize("consent", [None, "", "0", "true"])
def test_a_config_cannot_consent_to_the_code_of_a_folder(
    base, tmp_path, monkeypatch, consent
):
    """It may be anybody's, like the folder."""
    if consent is not None:
        monkeypatch.setenv(TRUST, consent)
    ran = tmp_path / "ran"
    (base / "configuration_x.py").write_text(f"open({str(ran)!r}, 'w')")
    change_config(base, model_type="x", auto_map={"AutoConfig": "configuration_x.X"})
    options = {"device": "cpu", "dtype": torch.float32, "trust_remote_code": True}
    with pytest.raises(ValueError, match=f"E307.*{TRUST}=1"):
        load_base(base, **options)
    assert not ran.exists()
    monkeypatch.setenv(TRUST, "1")
    with pytest.raises(ValueError, match="E330"):  # it defines no model
        load_base(base, **options)
    assert ran.exists()


def test_the_embedded_base_splits_digits_as_it_was_trained_to(smollm):
    _, tokenizer = load(smollm)
    assert tokenizer.tokenize("\n\n12 a  34") == "ĊĊ 1 2 Ġa ĠĠ 3 4".split()
