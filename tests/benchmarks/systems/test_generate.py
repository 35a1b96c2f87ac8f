"""`generate`, left-padded, writes what the packed engine and plain decoding write."""

from dataclasses import replace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.systems import generate as module
from benchmarks.systems.generate import GenerateEngine
from spacy_padellm.adapters.adapted import AdaptedLM
from spacy_padellm.adapters.shared_base import SharedBase
from spacy_padellm.bases.weights import load_base
from spacy_padellm.engines.packed import PackedEngine
from spacy_padellm.formats.templates import TEMPLATES
from spacy_padellm.trees.branch import Branch

from ...engines.plain import (
    PlainSession,
    assert_same,
    count_branches,
    mention_branches,
    written,
)
from ...loras import LORA


@pytest.fixture(scope="module")
def lm(tiny_base):
    """The tiny base with an adapter that changes what it writes."""
    base = SharedBase(*load_base(tiny_base, device="cpu", dtype=torch.float32))
    lm = AdaptedLM.fresh(base, LORA)
    torch.manual_seed(0)
    with torch.no_grad():
        for parameter in lm.parameters().values():
            parameter.normal_(std=0.05)
    return lm


@pytest.fixture(scope="module")
def other(lm):
    """Another adapter on the same base."""
    return AdaptedLM.fresh(lm.base, LORA)


@pytest.fixture
def engine(lm, other, tiny_tokenizer):
    """With the other adapter the active one, as its component has just computed."""
    lm.base.activate(other.name)
    return GenerateEngine(lm, tiny_tokenizer)


@pytest.fixture
def plain(lm, tiny_tokenizer):
    """Plain decoding, each branch by itself."""

    class Adapted(PlainSession):
        def complete(self, branches):
            lm.base.activate(lm.name)
            return super().complete(branches)

    return Adapted(lm.base.model, tiny_tokenizer)


@pytest.fixture(params=TEMPLATES)
def rows(request, workshop, tiny_tokenizer):
    """Count and mention branches of six texts: many lengths, many limits."""
    template, gold = TEMPLATES[request.param], workshop[:6]
    counts = count_branches(
        template, gold, tiny_tokenizer, n_candidates=400, max_new_tokens=3
    )
    mentions = mention_branches(template, gold, tiny_tokenizer, max_new_tokens=6)
    return [[*asked, *more] for asked, more in zip(counts, mentions, strict=True)]


def complete(engine, *calls):
    with engine.session(len(calls[0])) as session:
        return [session.complete(rows) for rows in calls]


def test_generate_packed_and_plain_write_the_same(engine, plain, lm, rows):
    packed = PackedEngine(lm, engine.tokenizer)
    (found,) = complete(engine, rows)
    assert_same(found, plain.complete(rows))
    assert_same(found, complete(packed, rows)[0])
    logprobs = [answer.logprobs for row in found for answer in row]
    expected = [a.logprobs for row in complete(packed, rows)[0] for a in row]
    assert list(map(len, logprobs)) == list(map(len, expected))
    for some, others in zip(logprobs, expected, strict=True):
        assert some == pytest.approx(others, abs=1e-4)


def test_the_prompts_compared_are_of_many_lengths(rows):
    assert len({len(branch.prompt) for row in rows for branch in row}) > 12


@pytest.mark.parametrize("lost", ["mask", "adapter"])
def test_without_what_matters_the_comparison_fails(
    engine, plain, lm, rows, lost, monkeypatch
):
    if lost == "mask":
        pad = module.pad_left
        monkeypatch.setattr(
            module,
            "pad_left",
            lambda *given: (pad(*given)[0], torch.ones_like(pad(*given)[1])),
        )
    else:
        monkeypatch.setattr(lm.base, "activate", lambda name: None)
    (found,) = complete(engine, rows)
    monkeypatch.undo()
    assert written(found) != written(plain.complete(rows))


def test_each_branch_stops_at_tokens_of_its_own(engine, plain, rows):
    (free,) = complete(engine, [[replace(b, max_new_tokens=4) for b in rows[0]]])
    stopping = [
        replace(branch, max_new_tokens=8, stop_ids=frozenset((answer.ids[place],)))
        for answer, branch in zip(free[0], rows[0], strict=True)
        for place in range(len(answer.ids))
    ]
    (found,) = complete(engine, [stopping])
    assert_same(found, plain.complete([stopping]))
    assert all(answer.stopped for answer in found[0])
    assert len({len(answer.ids) for answer in found[0]}) > 2
    assert all(len(a.logprobs) == len(a.ids) + 1 for a in found[0])


def test_each_branch_stops_at_strings_of_its_own(engine, plain, rows):
    (free,) = complete(engine, [[replace(b, max_new_tokens=4) for b in rows[0]]])
    stopping = [
        replace(
            branch, max_new_tokens=8, stop_strings=(answer.text[2:3], answer.text[1:3])
        )
        for branch, answer in zip(rows[0], free[0], strict=True)
        if len(answer.text) > 3
    ]
    (found,) = complete(engine, [stopping])
    assert_same(found, plain.complete([stopping]))
    for branch, answer in zip(stopping, found[0], strict=True):
        assert answer.stopped and branch.stop_strings[1] not in answer.text


def test_a_text_may_have_nothing_to_ask(engine, plain, rows):
    some = [[], rows[1], [], rows[3]]
    assert_same(complete(engine, some)[0], plain.complete(some))
    assert complete(engine, [[], []]) == [[[], []]]


def test_what_the_checkpoint_would_have_generated_with_takes_no_part(
    engine, plain, lm, rows, monkeypatch
):
    """Llama-2 samples and Qwen penalises repetition unless told otherwise."""
    from transformers import GenerationConfig

    own = GenerationConfig(
        do_sample=True,
        temperature=5.0,
        repetition_penalty=9.0,
        eos_token_id=list(range(50)),
        max_length=3,
        suppress_tokens=list(range(100)),
    )
    monkeypatch.setattr(lm.base.model, "generation_config", own)
    assert_same(complete(engine, rows)[0], plain.complete(rows))
    assert lm.base.model.generation_config is own


def test_a_prompt_too_long_for_the_model_is_refused(engine, rows):
    most = engine.lm.context_length
    too_long = Branch((5,) * (most - 1), 2)
    with pytest.raises(ValueError, match=rf"E601.* {most + 1} tokens.* {most}\."):
        complete(engine, [rows[0], [*rows[1], too_long]])


tokens = st.integers(3, 6)
prompts = st.lists(tokens, min_size=1, max_size=9).map(tuple)
branches = st.builds(
    Branch,
    prompts,
    st.integers(1, 5),
    stop_ids=st.frozensets(st.integers(0, 399), max_size=200),
)


@settings(max_examples=20, deadline=None)
@given(calls=st.lists(st.lists(branches, max_size=5), min_size=1, max_size=3))
def test_any_branches_get_the_plain_answers(lm, tiny_tokenizer, calls):
    (found,) = complete(GenerateEngine(lm, tiny_tokenizer), calls)
    expected = PlainSession(lm.base.model, tiny_tokenizer).complete(calls)
    assert_same(found, expected)


def test_a_prefix_that_sees_all_of_itself_is_refused(engine):
    with engine.session(1) as session, pytest.raises(ValueError, match="E614"):
        session.complete([[Branch((5, 6, 7), 2, prefix=2)]])
