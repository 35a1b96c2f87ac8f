"""The table in docs/features.md: what it says of this component has a test, and what it
says of spaCy's `ner` and of spacy-llm is so where that can be seen by running them."""

import ast
import re

import pytest

from ..conftest import REPOSITORY
from .others import LLM_CHECKS, NER_CHECKS, needs

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


def test_there_are_25_features_and_each_has_an_answer_for_all():
    assert len(table()) == len(FEATURES) == 25
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


def test_a_base_is_on_this_machine():
    from spacy_padellm.bases.weights import resolve_base

    with pytest.raises(ValueError, match="E30"):
        resolve_base("https://api.example.com/v1")


def test_torch_is_required():
    assert needs("spacy-padellm", "torch")


# -- what others have -----------------------------------------------------------------


@pytest.mark.parametrize("feature", NER_CHECKS)
def test_what_is_said_of_spacy_s_ner_is_so(feature):
    assert is_said(feature, "spaCy `ner`") == NER_CHECKS[feature]()


@pytest.mark.filterwarnings("ignore:Task supports sharding")
@pytest.mark.parametrize("feature", LLM_CHECKS)
def test_what_is_said_of_spacy_llm_is_so(feature):
    pytest.importorskip("spacy_llm")
    assert is_said(feature, "`spacy.NER.v3`") == LLM_CHECKS[feature]()


def is_said(feature: str, column: str) -> bool:
    return FEATURES[feature][column].startswith(("yes", "partly"))
