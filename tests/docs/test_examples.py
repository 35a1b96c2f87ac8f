"""Every code block of README.md and docs/ runs.

A page is a session: its blocks are run in their order, all of Python in one namespace,
in a copy of the repository. Lines `#> ...` of a block are what it prints. A comment
`<!-- slow: why -->`, `external` or `gpu` before a block keeps it for `pytest -m slow`.
"""

import gc
import io
import json
import os
import re
import shutil
import subprocess
import sys
from configparser import ConfigParser
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import pytest
from catalogue import RegistryError
from spacy.util import load_config, load_model_from_config
from thinc.api import Config, ConfigValidationError

from ..conftest import REPOSITORY
from .blocks import Block, Page, pages

# what a reader has in a checkout, and nothing that commands have made there
CHECKOUT = (
    "LICENSE",
    "MANIFEST.in",
    "README.md",
    "assets",
    "benchmarks",
    "configs",
    "constraints.txt",
    "docs",
    "project.yml",
    "pyproject.toml",
    "scripts",
    "setup.cfg",
    "spacy_padellm",
    "tests",
)
# the pages' words for data of the reader's own
OWN_DATA = ("train.jsonl", "dev.jsonl")
PACKAGES = {"docs/spacy-llm.md": ["spacy_llm"], "docs/report.md": ["jinja2"]}


def session(page: Page, mark: str):
    marks = [getattr(pytest.mark, mark)] if mark else []
    return pytest.param(page, mark, id=f"{page.name}, {mark or 'default'}", marks=marks)


SESSIONS = [
    session(page, mark)
    for page in pages()
    for mark in sorted({block.kind for block in page.blocks} - {"text"})
]


@pytest.mark.usefixtures("collected")
@pytest.mark.parametrize(("page", "mark"), SESSIONS)
def test_the_blocks_of_a_page_run(page, mark, checkout, base, monkeypatch):
    for package in PACKAGES.get(page.name, ()):
        pytest.importorskip(package)
    monkeypatch.chdir(checkout)
    namespace: dict[str, Any] = {"__name__": "page"}
    for block in page.session(mark):
        run(block, page.name, namespace)


@pytest.mark.parametrize(
    ("language", "code", "error"),
    [
        ("python", "print(1)\n#> 2\n", AssertionError),
        ("python", "print(1)\nprint(2)\n#> 1\n", AssertionError),
        ("python", "unknown\n", NameError),
        ("bash", "false\ntrue\n", AssertionError),
        ("ini", "[components.padellm_ner]\nlables = []\n", ConfigValidationError),
        ("ini", "[components.padellm_ner.format]\n@misc = 'no.v1'\n", RegistryError),
        ("cfg", "[options.entry_points]\nspacy_mics =\n    a = b:c\n", AssertionError),
        ("json", '{"text": }\n', ValueError),
    ],
)
def test_a_block_that_is_wrong_fails(language, code, error):
    with pytest.raises(error):
        run(Block(language, code, 1), "page.md", {})


def run(block: Block, page: str, namespace: dict[str, Any]) -> None:
    """Run a block in the working directory."""
    if block.language == "python":
        run_python(block, page, namespace)
    elif block.language == "bash":
        run_bash(block, page)
    elif block.language == "ini":
        load(block.code)
    elif block.language == "cfg":
        check_packaging(block.code)
    else:
        json.loads(block.code)


def run_python(block: Block, page: str, namespace: dict[str, Any]) -> None:
    # errors name the line of the page
    code = compile("\n" * (block.line - 1) + block.code, page, "exec")
    printed = io.StringIO()
    with redirect_stdout(printed):
        exec(code, namespace)
    told = re.findall(r"^#> ?(.*)$", block.code, flags=re.M)
    if told:
        lines = [line.rstrip() for line in printed.getvalue().splitlines()]
        assert lines == told, f"{page}:{block.line}"


def run_bash(block: Block, page: str) -> None:
    python = Path(sys.executable).parent
    env = os.environ | {"PATH": f"{python}{os.pathsep}{os.environ['PATH']}"}
    # threads wait for each other where others keep the machine busy
    env.setdefault("OMP_NUM_THREADS", "1")
    done = subprocess.run(
        ["bash", "-e", "-c", block.code],
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert done.returncode == 0, f"{page}:{block.line}\n{done.stdout}"


def load(code: str) -> None:
    """Build the pipeline of a config, or of a config of the repository with the block
    in place of what it has there. No model is loaded for that."""
    sections = re.findall(r"^\[(.*)\]$", code, flags=re.M)
    above = {
        ".".join(section.split(".")[:n])
        for section in sections
        for n in range(1, section.count(".") + 1)
    }
    missing = "".join(f"[{section}]\n" for section in sorted(above - {*sections}))
    config = Config().from_str(missing + code, interpolate=False)
    if "nlp" not in config:
        name = "spacy_llm" if "components.llm" in above else "ner"
        whole = load_config(REPOSITORY / "configs" / f"{name}.cfg", interpolate=False)
        config = Config(whole).merge(config)
    load_model_from_config(config, auto_fill=True)


def check_packaging(code: str) -> None:
    """A piece of a setup.cfg has sections and options that this package's has."""
    piece, whole = ConfigParser(), ConfigParser()
    piece.read_string(code)
    whole.read(REPOSITORY / "setup.cfg", encoding="utf8")
    for section in piece.sections():
        assert all(whole.has_option(section, option) for option in piece[section])


@pytest.fixture
def checkout(tmp_path) -> Path:
    """A copy of the repository with some data of the reader's own."""
    junk = shutil.ignore_patterns("__pycache__")
    for name in CHECKOUT:
        source, target = REPOSITORY / name, tmp_path / name
        if source.is_dir():
            shutil.copytree(source, target, ignore=junk)
        elif source.exists():
            shutil.copy(source, target)
    for name in OWN_DATA:
        shutil.copy(tmp_path / "assets" / "workshop" / name, tmp_path / name)
    return tmp_path


@pytest.fixture
def collected():
    """Pipelines have cycles: without this, those of all pages add up to gigabytes."""
    yield
    gc.collect()


@pytest.fixture(scope="module")
def base(smollm):
    """The embedded base, in memory for all pages."""
    from spacy_padellm.adapters.shared_base import SharedBase
    from spacy_padellm.bases.devices import resolve_device, resolve_dtype

    device = resolve_device("auto")
    return SharedBase.open(
        smollm,
        device=device,
        dtype=resolve_dtype("auto", device),
        trust_remote_code=False,
    )
