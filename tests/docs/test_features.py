"""The table in docs/features.md: each of its claims about this component has a test."""

import ast
import re
from importlib.metadata import requires

import pytest

from ..conftest import REPOSITORY

PAGE = (REPOSITORY / "docs" / "features.md").read_text(encoding="utf8")


def table() -> list[dict[str, str]]:
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in PAGE.splitlines()
        if line.startswith("|")
    ]
    header, _, *features = rows
    return [dict(zip(header, row, strict=True)) for row in features]


FEATURES = {row[""]: row for row in table()}


def test_each_feature_has_an_answer_for_all():
    assert len(table()) == len(FEATURES) > 20
    for row in table():
        for name, cell in list(row.items())[1:-1]:
            answer = re.fullmatch(r"(yes|no|–)([:,] .+)?|partly: .+", cell)
            assert answer, (row[""], name, cell)


@pytest.mark.parametrize("feature", FEATURES)
def test_what_is_said_of_this_component_is_shown_by_a_test(feature):
    file, _, name = FEATURES[feature]["shown by"].strip("`").partition("::")
    tree = ast.parse((REPOSITORY / file).read_text(encoding="utf8"))
    functions = [node.name for node in tree.body if isinstance(node, ast.FunctionDef)]
    assert name.startswith("test_") and name in functions


def test_the_versions_looked_at_are_those_of_the_tests():
    pinned = dict(
        line.split(" ;")[0].split("==")
        for line in (REPOSITORY / "constraints.txt").read_text("utf8").splitlines()
        if "==" in line
    )
    assert f"spaCy {pinned['spacy']} " in PAGE
    assert f"spacy-llm {pinned['spacy-llm']} " in PAGE


# -- what this component does not have ------------------------------------------------


def test_prompts_hold_a_text_and_a_label_alone(tiny_tokenizer):
    from spacy_padellm.formats.base import Query
    from spacy_padellm.formats.padellm import build_padellm_v1

    query = Query("Ann left Oslo.", {"PER": "person"})
    [gold] = build_padellm_v1().gold(query, {}, tiny_tokenizer)
    start = tiny_tokenizer.decode((tiny_tokenizer.bos_id,))
    assert tiny_tokenizer.decode(gold.prompt) == f"{start} Ann left Oslo.\nperson:"


def test_torch_is_required():
    assert any(line.startswith("torch>") for line in requires("spacy-padellm"))
