"""Prompts that may be asked for next are taken along where that is free."""

import pytest

from spacy_padellm.engines.packed import PackedEngine
from spacy_padellm.formats.base import Query
from spacy_padellm.formats.extraction import extract_in_session
from spacy_padellm.formats.padellm import build_padellm_v1
from spacy_padellm.formats.templates import TEMPLATES
from spacy_padellm.trees.branch import Branch

from .plain import GivenCounts, assert_same

LABELS = {"PART": "part", "FAULT": "fault", "TOOL": "tool"}
TEXT = (5, 40, 77, 120, 9)


@pytest.fixture
def generous(engine):
    """An engine for which many tokens are free, as on a GPU."""
    generous = PackedEngine(engine.lm, engine.tokenizer)
    generous.free_tokens = 2000
    return generous


class Rounds:
    """Keeps what is asked and answered."""

    def __init__(self, session):
        self.session = session
        self.calls = []

    def complete(self, branches):
        self.calls.append((branches, self.session.complete(branches)))
        return self.calls[-1][1]


@pytest.mark.parametrize("only_in_text", [False, True])
@pytest.mark.parametrize("n_texts", [1, 12])
@pytest.mark.parametrize("template", TEMPLATES)
def test_the_same_is_written_in_fewer_passes(
    template, n_texts, only_in_text, engine, generous, plain, workshop, tiny_tokenizer
):
    gold = [row for row in workshop if row.spans][:n_texts]
    queries = [Query(row.text, LABELS) for row in gold]
    format = build_padellm_v1(
        template=template,
        only_in_text=only_in_text,
        max_mention_tokens=6,
        count_threshold=None,
    )
    given = {
        format.template.prompts(row.text, tiny_tokenizer).count(LABELS[label]): len(
            spans
        )
        for row in gold
        for label, spans in row.spans.items()
    }
    # counts that were taken along, and counts that were not
    assert {1, 2} & set(given.values())

    def passes(engine):
        before = engine.usage.passes
        with engine.session(len(queries)) as session:
            rounds = Rounds(session)
            counted = GivenCounts(rounds, tiny_tokenizer, given)
            extract_in_session(
                queries, counted, tokenizer=tiny_tokenizer, format=format
            )
        for branches, answers in rounds.calls:
            assert_same(answers, plain.complete(branches))
        return engine.usage.passes - before

    # of many texts, one has so many mentions that all wait for it
    assert passes(generous) < passes(engine) + (n_texts > 1)


def test_what_was_taken_along_needs_no_pass(generous, plain):
    ahead = (((*TEXT, 30), (*TEXT, 30, 31)), ((*TEXT, 41),))
    with generous.session(1) as session:
        session.complete([[Branch(TEXT, 1, prefetch=ahead)]])
        passes = generous.usage.passes
        asked = [[Branch(prompt, 1) for group in ahead for prompt in group]]
        assert_same(session.complete(asked), plain.complete(asked))
        assert generous.usage.passes == passes
        # and once more, with what goes on from there, and what was never thought of
        asked = [
            [
                Branch((*TEXT, 30, 31), 4),
                Branch((*TEXT, 41), 3),
                Branch((*TEXT, 41, 42), 3),
                Branch((*TEXT, 99), 2),
            ]
        ]
        assert_same(session.complete(asked), plain.complete(asked))


@pytest.mark.parametrize(
    "free_tokens, n_tokens",
    [(0, 6), (8, 6), (9, 9), (10, 9), (12, 12), (100, 12)],
)
def test_a_group_is_taken_for_all_branches_or_for_none(
    generous, plain, free_tokens, n_tokens
):
    """6 tokens are asked for; the likelier groups add 2 and 1, the others 1 and 2."""
    one, other = (*TEXT, 50), TEXT
    branches = [
        [
            Branch(one, 1, prefetch=(((*one, 30), (*one, 30, 31)), ((*one, 41),))),
            Branch(other, 1, prefetch=(((*other, 60),), ((*other, 61), (*other, 62)))),
        ]
    ]
    generous.free_tokens = free_tokens
    before = generous.usage.tokens
    with generous.session(1) as session:
        assert_same(session.complete(branches), plain.complete(branches))
    assert generous.usage.tokens - before == n_tokens


def test_prompts_that_begin_with_others_stay_apart(generous, plain):
    """A prompt ahead of one branch is on the way of another."""
    branches = [
        [
            Branch(TEXT, 2, prefetch=(((*TEXT, 30), (*TEXT, 30, 33), (*TEXT, 35)),)),
            Branch((*TEXT, 30, 31, 32), 2, prefetch=(((*TEXT, 30, 31, 32, 7),),)),
            Branch((*TEXT, 34), 2),
        ]
    ]
    with generous.session(1) as session:
        assert_same(session.complete(branches), plain.complete(branches))
        asked = [[Branch((*TEXT, 30, 33), 3), Branch((*TEXT, 30, 31, 32, 7), 3)]]
        assert_same(session.complete(asked), plain.complete(asked))
