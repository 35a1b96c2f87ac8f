"""The paper's own inference finds what the format finds on packed trees."""

from contextlib import contextmanager
from functools import partial
from types import SimpleNamespace

import pytest
import torch

from benchmarks.systems.generate import GenerateEngine
from benchmarks.systems.official import OfficialPaDeLLM
from spacy_padellm.adapters.adapted import AdaptedLM
from spacy_padellm.adapters.shared_base import SharedBase
from spacy_padellm.bases.weights import load_base
from spacy_padellm.engines.packed import PackedEngine
from spacy_padellm.formats.base import Query
from spacy_padellm.formats.extraction import extract_in_session
from spacy_padellm.formats.padellm import build_padellm_v1
from spacy_padellm.formats.templates import TEMPLATES

from ...loras import LORA

LABELS = {"PART": "part", "FAULT": "fault", "TOOL": "tool", "PERSON": "person"}
TEXTS = 20
AS_IN_PAPER = {"count_threshold": None, "among_allowed": False}


@pytest.fixture(scope="module")
def lm(tiny_base, tiny_tokenizer):
    """A random model that likes digits: it counts nothing, a few, and too many."""
    base = SharedBase(*load_base(tiny_base, device="cpu", dtype=torch.float32))
    digits = [
        tiny_tokenizer.encode(f"\n{digit}", add_special_tokens=False).ids[-1]
        for digit in range(10)
    ]
    lm = AdaptedLM.fresh(base, LORA)
    torch.manual_seed(0)
    with torch.no_grad():
        base.model.get_input_embeddings().weight[digits] *= 2.0
        for parameter in lm.parameters().values():
            parameter.normal_(std=0.05)
    return lm


@pytest.fixture(params=TEMPLATES)
def format(request):
    return build_padellm_v1(
        template=request.param,
        max_count=12,
        max_mention_tokens=6,
        only_in_text=False,
        prefix_lm=False,
        **AS_IN_PAPER,
    )


@pytest.fixture
def queries(workshop):
    return [Query(row.text, LABELS) for row in workshop[:TEXTS]]


def extract(format, engine, queries):
    with engine.session(len(queries)) as session:
        return extract_in_session(
            queries, session, tokenizer=engine.tokenizer, format=format
        )


def packed(format, lm, tokenizer, queries):
    return extract(format, PackedEngine(lm, tokenizer), queries)


def official(format, lm, tokenizer, queries, engine=None):
    vocabulary = lm.base.model.config.vocab_size
    algorithm = OfficialPaDeLLM(format, tokenizer, vocabulary)
    return extract(algorithm, engine or GenerateEngine(lm, tokenizer), queries)


def assert_same(found, expected):
    for one, other in zip(found, expected, strict=True):
        assert one.counts == other.counts
        assert one.lengths == other.lengths
        for mention, wanted in zip(one.mentions, other.mentions, strict=True):
            assert (mention.label, mention.index, mention.text) == (
                wanted.label,
                wanted.index,
                wanted.text,
            )
            assert mention.logprob == pytest.approx(wanted.logprob, abs=1e-4)
            assert mention.count_logprob == pytest.approx(
                wanted.count_logprob, abs=1e-4
            )


def test_packed_and_official_find_the_same(format, lm, tiny_tokenizer, queries):
    found = official(format, lm, tiny_tokenizer, queries)
    assert_same(found, packed(format, lm, tiny_tokenizer, queries))
    counts = [count for extraction in found for count in extraction.counts.values()]
    assert {0, 12} < set(counts)
    assert len({m.text for extraction in found for m in extraction.mentions}) > 10


@pytest.mark.parametrize("max_count", [1, 9, 10, 64])
def test_counts_are_read_and_capped_alike(max_count, lm, tiny_tokenizer, queries):
    """With one digit and with two, below the cap and above."""
    queries = queries[:12]
    format = build_padellm_v1(
        only_in_text=False,
        template="padellm.en",
        max_count=max_count,
        max_mention_tokens=1,
        **AS_IN_PAPER,
    )
    found = official(format, lm, tiny_tokenizer, queries)
    assert_same(found, packed(format, lm, tiny_tokenizer, queries))
    counts = {count for extraction in found for count in extraction.counts.values()}
    assert max(counts) == max_count or 10 < max(counts) < 64


@pytest.mark.parametrize("text", ["", " ", "a", "7 of 9", "<|im_end|>"])
def test_odd_texts_are_read_alike(text, format, lm, tiny_tokenizer):
    queries = [Query(text, LABELS), Query(text, {})]
    found = official(format, lm, tiny_tokenizer, queries)
    assert_same(found, packed(format, lm, tiny_tokenizer, queries))


def test_a_document_is_two_batches_of_whole_prompts(
    format, lm, tiny_tokenizer, queries
):
    batches = []

    class Recorder(GenerateEngine):
        @contextmanager
        def session(self, n_texts):
            with super().session(n_texts) as session:
                yield SimpleNamespace(complete=partial(self.complete, session))

        def complete(self, session, rows):
            batches.append([branch.prompt for row in rows for branch in row])
            return session.complete(rows)

    found = official(
        format, lm, tiny_tokenizer, queries[:3], Recorder(lm, tiny_tokenizer)
    )
    expected = []
    for query, extraction in zip(queries, found, strict=False):
        prompts = format.template.prompts(query.text, tiny_tokenizer)
        expected.append([prompts.count(name) for name in LABELS.values()])
        expected.append(
            [
                prompts.mention(LABELS[m.label], extraction.counts[m.label], m.index)
                for m in extraction.mentions
            ]
        )
    assert batches == expected
    assert any(expected[1::2])
