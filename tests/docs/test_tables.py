"""The tables of settings name all that there are, with their defaults."""

import json
from inspect import signature

import pytest

from spacy_padellm.engines.vllm.source import build_vllm_v1
from spacy_padellm.formats.autoreg_aug import build_autoreg_aug_v1
from spacy_padellm.formats.autoreg_struct import build_autoreg_struct_v1
from spacy_padellm.formats.one_step import build_one_step_v1
from spacy_padellm.formats.padellm import build_padellm_v1
from spacy_padellm.formats.pointer import build_pointer_v1
from spacy_padellm.model.architectures import build_causal_lm_v1

from ..conftest import REPOSITORY

TOLD_OF = [
    ("training.md", build_causal_lm_v1),
    ("servers.md", build_vllm_v1),
    ("formats.md", build_pointer_v1),
    ("formats.md", build_padellm_v1),
    ("formats.md", build_one_step_v1),
    ("formats.md", build_autoreg_struct_v1),
    ("formats.md", build_autoreg_aug_v1),
]


def rows(page: str) -> dict[str, str]:
    """The tables' rows by the setting in their first cell."""
    text = (REPOSITORY / "docs" / page).read_text(encoding="utf8")
    lines = [line.strip("| ") for line in text.splitlines() if line.startswith("| `")]
    return {line.split("`")[1]: line for line in lines}


@pytest.mark.parametrize(
    ("page", "setting", "default"),
    [
        pytest.param(page, name, parameter.default, id=f"{build.__name__} {name}")
        for page, build in TOLD_OF
        for name, parameter in signature(build).parameters.items()
        if parameter.default is not parameter.empty
    ],
)
def test_a_setting_is_in_its_table_with_its_default(page, setting, default):
    row = rows(page)[setting]
    assert json.dumps(default).strip('"') in row.replace("AutoReg ", "")
