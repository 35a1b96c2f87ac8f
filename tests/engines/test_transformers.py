"""Packed decoding writes what plain greedy decoding of each prompt alone writes."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import numpy as np
import pytest
import torch

from spacy_padellm.engines import session as engine_module
from spacy_padellm.engines.session import PackedSession
from spacy_padellm.execution.graphs import GraphedDecoder
from spacy_padellm.formats.templates import TEMPLATES
from spacy_padellm.trees.branch import Branch, Completion

from .plain import assert_same, count_branches, mention_branches, written

SENTENCES = 200


@dataclass
class Rounds:
    """Both rounds of a template's prompts, and what plain decoding makes of them."""

    counts: list[list[Branch]]
    mentions: list[list[Branch]]
    plain_counts: list[list[Completion]]
    plain_mentions: list[list[Completion]]


@pytest.fixture(scope="module", params=TEMPLATES)
def rounds(request, workshop, plain, tiny_tokenizer):
    template, gold = TEMPLATES[request.param], workshop[:SENTENCES]
    vocabulary = plain.model.config.vocab_size
    counts = count_branches(template, gold, tiny_tokenizer, n_candidates=vocabulary)
    mentions = mention_branches(template, gold, tiny_tokenizer)
    return Rounds(counts, mentions, plain.complete(counts), plain.complete(mentions))


def in_batches(engine, rounds, size, sentences=SENTENCES):
    counts, mentions = [], []
    for start in range(0, sentences, size):
        batch = slice(start, min(start + size, sentences))
        with engine.session(len(rounds.counts[batch])) as session:
            counts += session.complete(rounds.counts[batch])
            mentions += session.complete(rounds.mentions[batch])
    return counts, mentions


@pytest.mark.parametrize("size", [1, 7, 32])
def test_packed_equals_plain_in_batches_of_any_size(engine, rounds, size):
    sentences = SENTENCES if size == 32 else 60
    counts, mentions = in_batches(engine, rounds, size, sentences)
    # the log-probability of the whole vocabulary is compared for counts
    assert_same(counts, rounds.plain_counts[:sentences])
    assert_same(mentions, rounds.plain_mentions[:sentences])


def test_passes_in_graphs_equal_plain(engine, rounds, monkeypatch):
    """Texts alone, whose passes are small; a graph is a function that is run again."""
    replays = []

    def run_again(run):
        written = run()
        return lambda: replays.append(written.copy_(run())), written

    built = engine.decoding.current()
    graphed = replace(built, decoder=GraphedDecoder(built.decoder, run_again))
    monkeypatch.setattr(engine.decoding, "current", lambda: graphed)
    passes = engine.usage.passes
    counts, mentions = in_batches(engine, rounds, 1, sentences=40)
    assert_same(counts, rounds.plain_counts[:40])
    assert_same(mentions, rounds.plain_mentions[:40])
    assert len(replays) == engine.usage.passes - passes


def test_sessions_of_several_threads_equal_plain(engine, rounds):
    counts, before = rounds.counts[:60], engine.usage.sessions

    def complete(text):
        with engine.session(1) as session:
            return session.complete([counts[text]])[0]

    with ThreadPoolExecutor(4) as threads:
        assert_same(list(threads.map(complete, range(60))), rounds.plain_counts[:60])
    assert engine.usage.sessions == before + 60


def test_the_comparison_is_of_many_different_answers(rounds):
    texts = {c.text for row in rounds.plain_mentions for c in row}
    assert len(texts) > 100
    assert len({c.text for row in rounds.plain_counts for c in row}) > 10


def test_with_a_causal_mask_the_comparison_fails(engine, rounds, monkeypatch):
    def causal(starts, ends):
        rows, tokens = ends.shape
        return torch.ones(rows, tokens, tokens, dtype=torch.bool).tril()

    monkeypatch.setattr(engine_module, "ancestors", causal)
    counts, mentions = in_batches(engine, rounds, 32, sentences=64)
    for found, plain in [
        (counts, rounds.plain_counts[:64]),
        (mentions, rounds.plain_mentions[:64]),
    ]:
        assert written(found) != written(plain)
        assert [c.logprob for row in found for c in row] != pytest.approx(
            [c.logprob for row in plain for c in row], abs=1e-1
        )


def test_a_blind_later_round_fails_the_comparison(engine, rounds, monkeypatch):
    """What is attached to a node sees what that node sees."""
    grow = PackedSession._grow_visible

    def forgetful(self, new):
        return grow(self, replace(new, attach=np.full_like(new.attach, -1)))

    monkeypatch.setattr(PackedSession, "_grow_visible", forgetful)
    counts, mentions = in_batches(engine, rounds, 32, sentences=64)
    assert_same(counts, rounds.plain_counts[:64])
    assert written(mentions) != written(rounds.plain_mentions[:64])


def test_each_token_of_a_prompt_goes_through_the_model_once(
    engine, rounds, monkeypatch
):
    widths, rows = [], []
    decoder = engine.decoding.current().decoder
    hidden, logits = decoder.hidden, decoder.logits
    monkeypatch.setattr(
        decoder,
        "hidden",
        lambda ids, *more: widths.append(ids.shape[1]) or hidden(ids, *more),
    )
    monkeypatch.setattr(
        decoder, "logits", lambda states: rows.append(len(states)) or logits(states)
    )
    counts, mentions = rounds.counts[0], rounds.mentions[0]
    with engine.session(1) as session:
        session.complete([counts])
        session.complete([mentions])
    prompts = {branch.prompt for branch in [*counts, *mentions]}
    distinct = {prompt[:n] for prompt in prompts for n in range(1, len(prompt) + 1)}
    assert widths[0] + widths[1] == len(distinct)
    assert widths[0] > widths[1]
    # logits only at the ends of branches, of the tokens that are new
    assert rows[:2] == [len(counts), len(mentions)]
    assert all(width <= len(mentions) for width in widths[2:])
