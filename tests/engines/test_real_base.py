"""The embedded base, packed, writes what it writes by plain greedy decoding."""

import pytest
import torch

from spacy_padellm.adapters.adapted import AdaptedLM
from spacy_padellm.adapters.shared_base import SharedBase
from spacy_padellm.bases.tokenizer import PlainTokenizer
from spacy_padellm.engines.packed import PackedEngine
from spacy_padellm.formats.templates import TEMPLATES

from .plain import PlainSession, assert_same, count_branches, mention_branches


@pytest.fixture(scope="module")
def real_engine(smollm):
    base = SharedBase.open(
        smollm, device="cpu", dtype=torch.float32, trust_remote_code=False
    )
    return PackedEngine(AdaptedLM.plain(base), PlainTokenizer(base.tokenizer))


@pytest.fixture(scope="module")
def real_plain(smollm, real_engine):
    from transformers import AutoModelForCausalLM

    model = AutoModelForCausalLM.from_pretrained(smollm, dtype=torch.float32).eval()
    return PlainSession(model, real_engine.tokenizer)


@pytest.fixture
def sentences(request, workshop):
    """300 sentences of CoNLL03 test where it lies, else of the shipped corpus."""
    try:
        return request.getfixturevalue("conll03")[:300]
    except pytest.skip.Exception:
        return workshop[:300]


def check(template, gold, engine, plain, batch):
    tokenizer = engine.tokenizer
    for start in range(0, len(gold), batch):
        part = gold[start : start + batch]
        calls = [
            count_branches(template, part, tokenizer, n_candidates=1000),
            mention_branches(template, part, tokenizer, max_new_tokens=2),
        ]
        with engine.session(len(part)) as session:
            for rows in calls:
                assert_same(session.complete(rows), plain.complete(rows))


@pytest.mark.parametrize("name", ["compact", "padellm.en"])
def test_two_short_sentences(name, workshop, real_engine, real_plain):
    gold = sorted(
        (row for row in workshop if len(row.spans) > 1), key=lambda row: len(row.text)
    )
    check(TEMPLATES[name], gold[:2], real_engine, real_plain, batch=2)


@pytest.mark.slow
@pytest.mark.parametrize("name", TEMPLATES)
def test_300_sentences(name, sentences, real_engine, real_plain):
    check(TEMPLATES[name], sentences, real_engine, real_plain, batch=32)
