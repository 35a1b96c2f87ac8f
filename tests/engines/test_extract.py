"""A format finds the same through the packed engine and through plain decoding."""

import pytest

from spacy_padellm.formats.base import Query
from spacy_padellm.formats.extraction import extract_in_session
from spacy_padellm.formats.padellm import build_padellm_v1
from spacy_padellm.formats.templates import TEMPLATES

from .plain import GivenCounts

LABELS = {"PART": "part", "FAULT": "fault", "TOOL": "tool"}


@pytest.mark.parametrize("among_allowed", [True, False])
@pytest.mark.parametrize("only_in_text", [True, False])
@pytest.mark.parametrize("template", TEMPLATES)
def test_packed_and_plain_find_the_same(
    template, only_in_text, among_allowed, workshop, engine, plain
):
    tokenizer, gold = engine.tokenizer, workshop[:24]
    format = build_padellm_v1(
        template=template,
        max_mention_tokens=3,
        only_in_text=only_in_text,
        count_threshold=None,
        among_allowed=among_allowed,
    )
    counts = {
        format.template.prompts(row.text, tokenizer).count(LABELS[label]): len(spans)
        for row in gold
        for label, spans in row.spans.items()
    }
    queries = [Query(row.text, LABELS) for row in gold]

    def extract(session):
        return extract_in_session(queries, session, tokenizer=tokenizer, format=format)

    with engine.session(len(gold)) as session:
        packed = extract(GivenCounts(session, tokenizer, counts))
    expected = extract(GivenCounts(plain, tokenizer, counts))
    for row, one, other in zip(gold, packed, expected, strict=True):
        assert one.counts == other.counts
        assert {label: n for label, n in one.counts.items() if n} == {
            label: len(spans) for label, spans in row.spans.items()
        }
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
    assert sum(len(extraction.mentions) for extraction in packed) > 40
