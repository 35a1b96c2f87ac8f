"""What a server writes is what decoding in this process writes."""

from dataclasses import replace

import pytest

from spacy_padellm.engines.base import PromptTooLong
from spacy_padellm.formats.templates import TEMPLATES
from spacy_padellm.trees.branch import Branch
from spacy_padellm.trees.drafts import MentionDraft, TextDraft

from ...threads import at_once
from ..plain import assert_same, count_branches, mention_branches

TEXT = "Maria Rossi met Li Wei and 12 others in Köln, not far from 北京 (Beijing)."


def complete(engine, branches):
    with engine.session(len(branches)) as session:
        return session.complete(branches)


@pytest.fixture
def copies(tiny_tokenizer):
    """A function that makes branches that copy from a text, as mentions do."""

    def copies(text=TEXT, **settings):
        ids = tiny_tokenizer.encode(text, add_special_tokens=False).ids
        draft = MentionDraft(ids, tiny_tokenizer.spelling)
        settings = {
            "max_new_tokens": 9,
            "stop_ids": frozenset((tiny_tokenizer.eos_id,)),
            "draft": draft,
            "constrained": True,
            "among_allowed": True,
        } | settings
        return [
            [Branch((*ids, 5, number), **settings) for number in range(30, 33)],
            [Branch((*ids[3:], 7), **settings)],
        ]

    return copies


@pytest.mark.parametrize("template", TEMPLATES)
@pytest.mark.parametrize("n_candidates", [0, 10, 200])
def test_counts_are_those_of_plain_decoding(
    template, n_candidates, open_engine, plain, workshop, tiny_tokenizer
):
    branches = count_branches(
        TEMPLATES[template], workshop[:2], tiny_tokenizer, n_candidates=n_candidates
    )
    assert_same(complete(open_engine(), branches), plain.complete(branches))
    among = [[replace(one, among_allowed=True) for one in row] for row in branches]
    assert_same(complete(open_engine(), among), plain.complete(among))


@pytest.mark.parametrize("template", TEMPLATES)
def test_mentions_are_those_of_plain_decoding(
    template, open_engine, plain, workshop, tiny_tokenizer
):
    branches = mention_branches(
        TEMPLATES[template], workshop[:3], tiny_tokenizer, max_new_tokens=6
    )
    assert_same(complete(open_engine(), branches), plain.complete(branches))


@pytest.mark.parametrize("among_allowed", [True, False])
@pytest.mark.parametrize("text", [TEXT, "a" * 40, "!"])
def test_copies_of_a_text_are_those_of_plain_decoding(
    text, among_allowed, open_engine, plain, copies
):
    """The server is allowed more tokens than may follow at each place."""
    branches = copies(text, among_allowed=among_allowed)
    found = complete(open_engine(), branches)
    assert_same(found, plain.complete(branches))


def test_one_request_is_enough_where_the_server_only_writes_what_may_follow(
    open_engine, copies, server, tiny_model, tiny_tokenizer
):
    branches = copies("Oslo", max_new_tokens=2)
    engine = open_engine()
    server.asked.clear()
    complete(engine, branches)
    assert len(server.asked) < 2 * sum(map(len, branches))
    # both texts are asked at once, in any order
    first = max(server.asked, key=lambda request: len(request["prompt"]))
    assert len(first["prompt"]) == 3, "the prompts of a text are sent together"
    assert first["allowed_token_ids"] == first["logprob_token_ids"]


@pytest.mark.parametrize("among_allowed", [True, False])
def test_what_one_answer_cannot_tell_is_asked_in_several(
    among_allowed, open_engine, copies, server, plain, monkeypatch
):
    monkeypatch.setattr("spacy_padellm.engines.vllm.sequences.MOST_REPORTED", 8)
    branches = copies("Li Wei met 12 others in Köln.", among_allowed=among_allowed)
    assert len(branches[0][0].draft.allowed(None)) > 8 + 1
    assert_same(complete(open_engine(), branches), plain.complete(branches))
    assert max(len(one["logprob_token_ids"]) for one in server.asked) == 8


def test_drafts_and_prefetched_prompts_are_not_needed(
    open_engine, plain, tiny_tokenizer
):
    ids = tiny_tokenizer.encode(TEXT).ids
    row = [
        Branch(ids, 5, draft=TextDraft(ids)),
        Branch(ids[:9], 3, prefetch=(((*ids[:9], 4),),)),
    ]
    assert_same(complete(open_engine(), [row, []]), plain.complete([row, []]))


def test_a_session_without_branches_asks_for_nothing(open_engine, server):
    engine = open_engine()
    server.asked.clear()
    assert complete(engine, [[], []]) == [[], []]
    assert server.asked == []


def test_a_prompt_that_is_too_long_is_refused_before_anything_is_sent(
    open_engine, server
):
    engine = open_engine()
    server.asked.clear()
    with pytest.raises(PromptTooLong, match=r"\[E601\].* 513 tokens.* 512"):
        complete(engine, [[Branch((5,) * 500, 13)]])
    assert server.asked == []


def test_requests_in_flight_are_bounded_for_all_threads(
    open_engine, server, copies, plain
):
    engine = open_engine(max_requests=2)
    branches = copies("Ann left.", max_new_tokens=2)
    expected = plain.complete(branches)
    for found in at_once(lambda number: complete(engine, branches), 3):
        assert_same(found, expected)
    assert server.most <= 2


def test_a_named_adapter_is_a_lora_of_that_name(open_engine, server, tiny_model):
    server.models["places"] = tiny_model
    engine = open_engine(adapter="places")
    assert (engine.model, engine.context_length) == ("places", 512)
    assert server.asked[-1]["model"] == "places"
