"""Scoring imports no model, and as little of spaCy as possible."""

import pytest

from ..model.test_light_imports import HEAVY, blocked, run


@pytest.mark.parametrize("module", ["strings", "counts"])
def test_plain_scores_need_neither_torch_nor_spacy(module):
    code = f"import spacy_padellm.scoring.{module}"
    run(blocked("spacy", "thinc", "numpy", *HEAVY) + code)


def test_the_scorer_is_found_without_torch():
    code = "import spacy; spacy.registry.scorers.get('spacy_padellm.ner_scorer.v1')()"
    run(blocked(*HEAVY) + code)
