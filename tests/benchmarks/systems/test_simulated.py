"""A device for each sequence, simulated: the answers are the engine's, and the time is
that of the longest chain. Time here is what the model does, never a clock's."""

from contextlib import contextmanager, nullcontext

import pytest

from benchmarks.systems.simulated import OneDevicePerSequence
from spacy_padellm.engines.packed import PackedEngine
from spacy_padellm.formats.base import Query
from spacy_padellm.formats.extraction import extract_in_session
from spacy_padellm.formats.padellm import build_padellm_v1
from spacy_padellm.formats.templates import TEMPLATES
from spacy_padellm.trees.branch import Branch, Completion

from ...engines.plain import GivenCounts, assert_same, count_branches, mention_branches

LABELS = {"PART": "part", "FAULT": "fault", "TOOL": "tool"}


@pytest.fixture(params=TEMPLATES)
def rounds(request, workshop, tiny_tokenizer):
    """Count and mention branches of six texts, in two calls."""
    template, gold = TEMPLATES[request.param], workshop[:6]
    return (
        count_branches(template, gold, tiny_tokenizer, n_candidates=9),
        mention_branches(template, gold, tiny_tokenizer),
    )


@pytest.fixture
def work(engine, monkeypatch):
    """What went through the model so far: passes, and tokens."""
    work = {"passes": 0, "tokens": 0}
    decoder = type(engine.decoding.current().decoder)
    hidden = decoder.hidden

    def counted(self, ids, *more):
        work["passes"] += 1
        work["tokens"] += ids.numel()
        return hidden(self, ids, *more)

    monkeypatch.setattr(decoder, "hidden", counted)
    return work


def steps(branch_answers):
    """The passes that an answer took when it was completed by itself."""
    return [len(answer.logprobs) for answer in branch_answers]


def test_the_answers_are_those_of_the_engine(engine, plain, rounds):
    with OneDevicePerSequence(engine).session(6) as session:
        for branches in (*rounds, rounds[0]):
            assert_same(session.complete(branches), plain.complete(branches))


def test_the_answers_are_those_of_any_engine(plain, rounds):
    class Alone:
        def session(self, n_texts):
            assert n_texts == 1
            return nullcontext(plain)

    with OneDevicePerSequence(Alone()).session(6) as session:
        for branches in rounds:
            assert session.complete(branches) == plain.complete(branches)


def test_a_call_takes_as_long_as_its_longest_sequence(engine, rounds, work):
    counted = OneDevicePerSequence(engine, clock=lambda: work["passes"])
    with counted.session(6) as session:
        answers = session.complete(rounds[1])
        assert session.latencies() == [max(steps(row), default=0) for row in answers]
    assert len(set(session.latencies())) > 1
    assert work["passes"] == sum(sum(steps(row)) for row in answers)


@pytest.mark.parametrize("template", TEMPLATES)
def test_a_text_takes_the_longest_count_and_mention(
    template, engine, workshop, tiny_tokenizer, work
):
    """In passes through the model: one for the count, then those of its mentions."""
    gold = [row for row in workshop[:30] if row.spans][:6]
    format = build_padellm_v1(
        template=template, max_mention_tokens=6, count_threshold=None
    )
    given = {
        format.template.prompts(row.text, tiny_tokenizer).count(LABELS[label]): len(
            spans
        )
        for row in gold
        for label, spans in row.spans.items()
    }
    # a token a pass: without drafts
    engine = PackedEngine(engine.lm, engine.tokenizer, drafts=False)
    counted = OneDevicePerSequence(engine, clock=lambda: work["passes"])
    with counted.session(len(gold)) as session:
        found = extract_in_session(
            [Query(row.text, LABELS) for row in gold],
            GivenCounts(session, tiny_tokenizer, given),
            tokenizer=tiny_tokenizer,
            format=format,
        )
        # the count's one token, and its sequence's mention
        assert session.latencies() == [max(one.lengths) for one in found]


def test_a_sequence_goes_on_from_the_one_before_it(engine, rounds, work):
    """Its prompt is not encoded again: in tokens, a mention costs what is new."""
    counts, _ = rounds
    counted = OneDevicePerSequence(engine, clock=lambda: work["tokens"])
    with counted.session(6) as session:
        answers = session.complete(counts)
        first = session.latencies()
        assert first == [max(len(b.prompt) for b in row) for row in counts]
        # a mention behind the longest count alone, of two tokens and one that is asked
        longest = [max(row, key=lambda b: len(b.prompt)) for row in counts]
        mentions = []
        for row, written, branch in zip(counts, answers, longest, strict=True):
            ids = written[row.index(branch)].ids
            mentions.append([Branch((*branch.prompt, *ids, 40), max_new_tokens=1)])
        session.complete(mentions)
        # the count's token, which was never fed, and the one behind it
        assert session.latencies() == [seconds + 2 for seconds in first]


class Scripted:
    """An engine whose branches take the seconds in which they end, written nowhere."""

    def __init__(self):
        self.now = 0.0
        self.opened = self.closed = 0

    def session(self, n_texts):
        class Session:
            def complete(_, branches):
                ((branch,),) = branches
                self.now += branch.max_new_tokens
                return [[Completion((branch.max_new_tokens,), "", (), True)]]

        @contextmanager
        def opening():
            self.opened += 1
            yield Session()
            self.closed += 1

        return opening()


@pytest.fixture
def scripted():
    engine = Scripted()
    return engine, OneDevicePerSequence(engine, clock=lambda: engine.now)


def test_chains_are_added_along_the_longest_common_beginning(scripted):
    engine, simulated = scripted
    with simulated.session(2) as session:
        session.complete([[Branch((1, 2), 10), Branch((1, 3), 4)], [Branch((1,), 7)]])
        assert session.latencies() == [10, 7]
        # behind (1, 3, 4): 4 + 5; behind (1, 2, 10): 10 + 3; the other text waits
        session.complete([[Branch((1, 3, 4, 9), 5), Branch((1, 2, 10, 9), 3)], []])
        assert session.latencies() == [13, 7]
        # behind (1, 3, 4, 9, 5): 4 + 5 + 6
        session.complete([[Branch((1, 3, 4, 9, 5, 0), 6)], []])
        assert session.latencies() == [15, 7]
        assert (engine.opened, engine.closed) == (3, 0)
    assert engine.closed == 3


def test_what_devices_would_save_is_known_when_a_session_closes(scripted):
    _, simulated = scripted
    for _ in range(2):
        with simulated.session(2) as session:
            session.complete([[Branch((1,), 10), Branch((2,), 4)], [Branch((1,), 7)]])
            session.complete([[Branch((2, 4, 0), 9)], []])
        assert session.latencies() == [13, 7]
    # the branch of 10 seconds ran beside those of 4 and 9
    assert simulated.excluded_seconds == 2 * 10


def test_a_prompt_written_with_other_tokens_still_follows_its_count(scripted):
    """As sentencepiece may write `<num>2` with other pieces than `<num>` and `2`."""
    _, simulated = scripted
    with simulated.session(1) as session:
        session.complete([[Branch((1, 2, 3, 4), 20), Branch((1, 5, 3, 4), 30)]])
        session.complete([[Branch((1, 2, 3, 8, 9), 15)]])
        assert session.latencies() == [35]


def test_branches_of_one_call_do_not_wait_for_each_other(scripted):
    engine, simulated = scripted
    with simulated.session(1) as session:
        session.complete([[Branch((1,), 2), Branch((1, 2), 3), Branch((1, 2, 3), 4)]])
        assert session.latencies() == [4]
    assert engine.opened == 3


def test_a_text_without_branches_takes_no_time(scripted):
    _, simulated = scripted
    with simulated.session(2) as session:
        assert session.complete([[], []]) == [[], []]
        assert session.latencies() == [0.0, 0.0]
