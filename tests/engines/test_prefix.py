"""A text that sees all of itself: the packed engine is a plain one with such a mask."""

from functools import partial

import pytest

from spacy_padellm.engines.packed import PackedEngine
from spacy_padellm.formats.autoreg_aug import build_autoreg_aug_v1
from spacy_padellm.formats.autoreg_struct import build_autoreg_struct_v1
from spacy_padellm.formats.base import Query
from spacy_padellm.formats.extraction import extract_in_session
from spacy_padellm.formats.one_step import build_one_step_v1
from spacy_padellm.formats.padellm import build_padellm_v1

from .plain import GivenCounts, assert_same

LABELS = {"PART": "part", "FAULT": "fault", "TOOL": "tool"}
FORMATS = {
    "PaDeLLM compact": partial(build_padellm_v1, count_threshold=None),
    "OneStep": build_one_step_v1,
    "AutoReg struct": build_autoreg_struct_v1,
    "AutoReg aug": build_autoreg_aug_v1,
}


def new_format(name, **reading):
    limit = "max_mention_tokens" if name == "PaDeLLM compact" else "max_new_tokens"
    return FORMATS[name](**{limit: 8}, **reading)


class Recorded:
    """Keeps what a session completes."""

    def __init__(self, session):
        self.session = session
        self.calls = []

    def complete(self, branches):
        self.calls.append(self.session.complete(branches))
        return self.calls[-1]


@pytest.mark.parametrize("drafts", [False, True])
@pytest.mark.parametrize("name", FORMATS)
def test_the_same_is_written_as_with_the_plain_mask(
    name, drafts, engine, plain, workshop, tiny_tokenizer
):
    gold = workshop[:8]
    queries = [Query(row.text, LABELS) for row in gold]
    engine = PackedEngine(engine.lm, engine.tokenizer, drafts=drafts)

    def completions(format, session):
        recorded, given = Recorded(session), {}
        if name == "PaDeLLM compact":
            for row in gold:
                text = format.template.prompts(
                    row.text, tiny_tokenizer, prefix_lm=format.prefix_lm
                )
                for label, spans in row.spans.items():
                    given[text.count(LABELS[label])] = len(spans)
        counted = GivenCounts(recorded, tiny_tokenizer, given)
        extract_in_session(queries, counted, tokenizer=tiny_tokenizer, format=format)
        return recorded.calls

    def both(**settings):
        format = new_format(name, **settings)
        with engine.session(len(queries)) as session:
            return completions(format, session), completions(format, plain)

    packed, flat = both(prefix_lm=True)
    for found, expected in zip(packed, flat, strict=True):
        assert_same(found, expected)
    causal, _ = both(prefix_lm=False)
    assert causal[0][0][0].logprob != pytest.approx(packed[0][0][0].logprob, abs=1e-3)


@pytest.mark.parametrize("name", FORMATS)
def test_an_adapter_is_for_one_way_of_reading(name):
    names = [new_format(name, prefix_lm=prefix_lm).name for prefix_lm in (False, True)]
    assert names == [name, f"{name}, prefix LM"]


@pytest.mark.parametrize("template", ["padellm.en", "padellm.zh"])
def test_the_papers_templates_read_from_left_to_right(template):
    with pytest.raises(ValueError, match=f"E506.*{template}"):
        build_padellm_v1(template=template, prefix_lm=True)


@pytest.mark.parametrize("threshold", [0, 1, -0.5, 2.0])
def test_a_count_threshold_is_a_probability(threshold):
    with pytest.raises(ValueError, match="E507"):
        build_padellm_v1(count_threshold=threshold)
