"""Find and load the weights of a base model."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import Errors
from .claims import check_claims
from .embedded import EMBEDDED, SMOLLM2
from .fingerprint import weight_files
from .hub import hub_snapshot
from .manifest import changed_files, copied_base, has_manifest
from .native_code import check_quantization, offline

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

DEFAULT_BASE = SMOLLM2.name
# In the environment, "1" is the user's consent to `trust_remote_code`.
TRUST = "SPACY_PADELLM_TRUST_REMOTE_CODE"
ADAPTER = "adapter_config.json"
TOKENIZER_FILES = ("tokenizer.json", "tokenizer.model", "vocab.json", "vocab.txt")


def home() -> Path:
    """Return the folder of downloads: SPACY_PADELLM_HOME or the user's cache folder.

    Raises ValueError (E349) for a user without a home folder.
    """
    try:
        if chosen := os.environ.get("SPACY_PADELLM_HOME"):
            return Path(chosen).expanduser().absolute()
        if os.name == "nt" and (local := os.environ.get("LOCALAPPDATA")):
            return Path(local) / "spacy_padellm"
        cache = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
        return Path(cache).expanduser().absolute() / "spacy_padellm"
    except RuntimeError as error:  # such as a container's user that it does not know
        raise ValueError(Errors.E349) from error


def trusts_code(setting: bool) -> bool:
    """Whether Python code that comes with a base may run.

    setting: `trust_remote_code`. It says that a pipeline needs the code, and may stand
        in the config of anybody's pipeline. The consent is in the environment, which no
        folder can set.
    """
    return setting and os.environ.get(TRUST) == "1"


def is_complete(folder: Path, *, thorough: bool = False) -> bool:
    """Whether `folder` has a complete, unchanged copy of an embedded base.

    thorough: read all of its files, see `changed_files`.
    """
    return has_manifest(folder) and not changed_files(folder, thorough=thorough)


def resolve_base(
    name: str,
    revision: str | None = None,
    *,
    download: bool = False,
    refresh: bool = False,
    only_tokenizer: bool = False,
) -> Path:
    """Return the local folder with a base model's config, tokenizer and safetensors.

    name: of an embedded base, a folder, or a Hugging Face hub id.
    revision: a branch, tag or commit of a hub id.
    download: whether to ask the hub for a model that the Hugging Face cache lacks.
        Pipelines never do, as their settings may come from anybody.
    refresh: check the hub for updates even if the cache has the model.
    only_tokenizer: a folder need not have more than a tokenizer.

    Raises ValueError if the model is missing, incomplete, or not in safetensors.
    """
    if name in EMBEDDED:
        _refuse_revision(name, revision)
        folder = home() / name
        if not has_manifest(folder):
            raise ValueError(Errors.E301.format(name=name, path=folder))
        if changed := changed_files(folder):
            files = ", ".join(changed)
            raise ValueError(Errors.E337.format(name=name, path=folder, files=files))
        return folder
    folder = Path(name).expanduser()
    if name and folder.is_dir():
        _refuse_revision(name, revision)
        if only_tokenizer:
            check_tokenizer(folder)
        else:
            check_folder(folder)
            _check_copy(folder)
        return folder
    if name and _looks_like_a_path(name):
        raise ValueError(Errors.E304.format(path=name))
    folder = hub_snapshot(name, revision, download=download, refresh=refresh)
    check_folder(folder)
    return folder


def check_folder(folder: Path) -> None:
    """Raise ValueError unless `folder` has a config, a tokenizer and safetensors, and
    for an adapter beside them (E345), which transformers would put on the base."""
    if not (folder / "config.json").is_file():
        raise ValueError(Errors.E302.format(path=folder, missing="config.json"))
    if (folder / ADAPTER).exists():
        raise ValueError(Errors.E345.format(path=folder, what=ADAPTER))
    weight_files(folder)
    check_tokenizer(folder)


def _check_copy(folder: Path) -> None:
    """Raises ValueError (E342) if `folder` has a copy of an embedded base that has
    changed."""
    name = copied_base(folder)
    if name is not None and (changed := changed_files(folder)):
        files = ", ".join(changed)
        raise ValueError(Errors.E342.format(name=name, path=folder, files=files))


def check_tokenizer(folder: Path) -> None:
    """Raise ValueError unless `folder` has a tokenizer."""
    if not any((folder / file).is_file() for file in TOKENIZER_FILES):
        if not any(folder.glob("*.tiktoken")):
            raise ValueError(Errors.E302.format(path=folder, missing="tokenizer.json"))
    # Without it, a sentencepiece model loses its start token and first space.
    settings = "tokenizer_config.json"
    if _is_sentencepiece(folder) and not (folder / settings).is_file():
        raise ValueError(Errors.E302.format(path=folder, missing=settings))


@offline()
def load_base(
    folder: Path,
    *,
    device: str,
    dtype: "torch.dtype",
    trust_remote_code: bool = False,
) -> "tuple[PreTrainedModel, PreTrainedTokenizerBase]":
    """Load a frozen causal language model in eval mode, and its tokenizer.

    Does not download anything or load pickles. Code in the folder only runs if
    `trusts_code` allows it (E307). Raises ValueError if the folder cannot be loaded as
    a causal language model, if its tensors do not match the model, (E344) for quantized
    weights that may need native code from the hub, and (E345) for weights elsewhere.
    """
    from transformers import AutoConfig, AutoModelForCausalLM

    check_folder(folder)
    options = _options(folder, trust_remote_code)
    with _loading(folder):
        config = AutoConfig.from_pretrained(folder, **options)
    if other := getattr(config, "transformers_weights", None):
        what = f"transformers_weights = {other!r} in its config.json"
        raise ValueError(Errors.E345.format(path=folder, what=what))
    check_quantization(config, folder)
    config._experts_implementation = None  # the file's may be native code from the hub
    check_claims(config, folder, trust_remote_code=options["trust_remote_code"])
    tokenizer = load_tokenizer(folder, trust_remote_code=trust_remote_code)
    with _loading(folder):
        model, info = AutoModelForCausalLM.from_pretrained(
            folder,
            config=config,  # read again, the file's attention would come first
            dtype=dtype,
            use_safetensors=True,
            attn_implementation="sdpa",
            output_loading_info=True,
            ignore_mismatched_sizes=True,  # reported by _check_tensors
            **options,
        )
    _check_tensors(folder, info)
    return model.to(device).eval().requires_grad_(False), tokenizer


@offline()
def load_tokenizer(
    folder: Path, *, trust_remote_code: bool = False
) -> "PreTrainedTokenizerBase":
    """Load the tokenizer of a base alone. Raises ValueError like `load_base`."""
    from transformers import AutoTokenizer

    options = _options(folder, trust_remote_code)
    with _loading(folder):
        return AutoTokenizer.from_pretrained(folder, **options)


def _options(folder: Path, trust_remote_code: bool) -> dict[str, Any]:
    """How transformers may load the folder. Raises ValueError (E307) if it needs code
    of its own that must not run."""
    trusted = trusts_code(trust_remote_code)
    if not trusted and _needs_its_own_code(folder):
        raise ValueError(Errors.E307.format(path=folder, variable=TRUST))
    return {"local_files_only": True, "trust_remote_code": trusted}


@contextmanager
def _loading(folder: Path) -> Iterator[None]:
    """Raises ValueError (E330, E331) for whatever transformers raises."""
    try:
        with _quiet_transformers():
            yield
    except Exception as error:
        packages = _missing_packages() if _is_sentencepiece(folder) else ""
        if packages:
            message = Errors.E331.format(path=folder, packages=packages)
            raise ValueError(message) from error
        reason = (str(error).strip() or repr(error)).splitlines()[0]
        raise ValueError(Errors.E330.format(path=folder, reason=reason)) from error


def _needs_its_own_code(folder: Path) -> bool:
    """Whether transformers knows the model only by Python code in the folder."""
    from transformers import CONFIG_MAPPING

    try:
        file = folder / "config.json"  # a tokenizer alone may lack it
        config = json.loads(file.read_bytes()) if file.is_file() else {}
        return "auto_map" in config and config.get("model_type") not in CONFIG_MAPPING
    except (ValueError, TypeError, RecursionError):
        return False  # transformers says what is wrong with it


def _check_tensors(folder: Path, info: dict[str, Any]) -> None:
    faults = []
    for kind in ("missing", "unexpected"):
        faults += [f"{kind} {name}" for name in sorted(info[f"{kind}_keys"])]
    for name, found, expected in sorted(info["mismatched_keys"]):
        faults.append(f"{name} has shape {list(found)} for {list(expected)}")
    if faults:
        shown = "; ".join(faults[:5])
        more = f"; and {len(faults) - 5} more" if len(faults) > 5 else ""
        raise ValueError(Errors.E305.format(path=folder, faults=shown + more))


def _is_sentencepiece(folder: Path) -> bool:
    """Return whether the only tokenizer is a sentencepiece model, as in Llama 2."""
    model, converted = folder / "tokenizer.model", folder / "tokenizer.json"
    return model.is_file() and not converted.is_file()


def _missing_packages() -> str:
    """Return the missing packages for sentencepiece models, for `pip install`."""
    from transformers.utils import is_protobuf_available, is_sentencepiece_available

    found = {
        "sentencepiece": is_sentencepiece_available(),
        "protobuf": is_protobuf_available(),
    }
    return " ".join(package for package in found if not found[package])


@contextmanager
def _quiet_transformers() -> Iterator[None]:
    from transformers.utils import logging

    verbosity, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.set_verbosity(verbosity)
        if bars:
            logging.enable_progress_bar()


def _refuse_revision(name: str, revision: str | None) -> None:
    if revision is not None:
        raise ValueError(Errors.E314.format(name=name, revision=revision))


def _looks_like_a_path(name: str) -> bool:
    return (
        name.startswith((".", "/", "~"))
        or "\\" in name
        or name.count("/") > 1
        or Path(name).is_absolute()
        or Path(name).exists()
    )
