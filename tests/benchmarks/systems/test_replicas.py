"""Sequences spread over engines are written as by one engine."""

import threading
from contextlib import nullcontext

import pytest
import torch

from benchmarks.systems.replicas import ReplicaEngine, replicate
from spacy_padellm.formats.base import Query
from spacy_padellm.formats.extraction import extract_in_session
from spacy_padellm.formats.padellm import build_padellm_v1
from spacy_padellm.formats.templates import TEMPLATES
from spacy_padellm.model.architectures import build_causal_lm_v1
from spacy_padellm.model.shim import causal_lm_shim

from ...engines.plain import (
    GivenCounts,
    assert_same,
    count_branches,
    mention_branches,
    written,
)
from ...engines.test_sessions import complete
from ...loras import LORA


@pytest.fixture(params=TEMPLATES)
def rows(request, workshop, tiny_tokenizer):
    """Count and mention branches of six texts, all in one call."""
    template, gold = TEMPLATES[request.param], workshop[:6]
    counts = count_branches(template, gold, tiny_tokenizer, max_new_tokens=3)
    mentions = mention_branches(template, gold, tiny_tokenizer)
    return [[*asked, *more] for asked, more in zip(counts, mentions, strict=True)]


@pytest.fixture(scope="module")
def shim(tiny_base):
    """A component's model on the CPU, its adapter as if trained."""
    model = build_causal_lm_v1(base=str(tiny_base), device="cpu", lora=LORA)
    shim = causal_lm_shim(model)
    shim.initialize()
    torch.manual_seed(0)
    with torch.no_grad():
        for parameter in shim.lm.parameters().values():
            parameter.normal_(std=0.05)
    return shim


@pytest.fixture(scope="module")
def replicas(shim):
    return replicate(shim, ["cpu", "cpu", "cpu"])


@pytest.mark.parametrize("n", [1, 2, 3])
def test_any_number_of_replicas_writes_what_one_engine_writes(shim, replicas, rows, n):
    one = complete(shim.engine, rows, rows[::-1])
    several = complete(ReplicaEngine(replicas[:n]), rows, rows[::-1])
    for found, expected in zip(several, one, strict=True):
        assert_same(found, expected)
        assert [len(row) for row in found] == [len(row) for row in expected]


def test_the_adapter_is_part_of_a_replica(shim, replicas, plain, rows):
    (found,) = complete(replicas[1], rows)
    assert written(found) != written(plain.complete(rows))


@pytest.mark.parametrize("template", TEMPLATES)
def test_a_format_finds_the_same(template, shim, replicas, workshop, tiny_tokenizer):
    format = build_padellm_v1(
        template=template, max_mention_tokens=3, count_threshold=None
    )
    labels = {"PART": "part", "FAULT": "fault", "TOOL": "tool"}
    queries = [Query(row.text, labels) for row in workshop[:6]]
    counts = {
        format.template.prompts(row.text, tiny_tokenizer).count(labels[label]): len(
            spans
        )
        for row in workshop[:6]
        for label, spans in row.spans.items()
    }
    found = []
    for engine in (shim.engine, ReplicaEngine(replicas)):
        with engine.session(len(queries)) as session:
            given = GivenCounts(session, tiny_tokenizer, counts)
            found.append(
                extract_in_session(
                    queries, given, tokenizer=tiny_tokenizer, format=format
                )
            )
    assert sum(len(extraction.mentions) for extraction in found[0]) > 10
    for one, other in zip(*found, strict=True):
        assert one.counts == other.counts
        for mention, same in zip(one.mentions, other.mentions, strict=True):
            assert (mention.label, mention.text) == (same.label, same.text)
            assert mention.score == pytest.approx(same.score, abs=1e-4)


def test_no_two_replicas_share_a_base(shim, replicas):
    """Adapters take turns on a base: two threads would take each other's."""
    parameters = [
        {p.data_ptr() for p in engine.lm.base.model.parameters()} for engine in replicas
    ]
    for at, some in enumerate(parameters):
        assert not some & set().union(*parameters[:at])
    assert len({id(engine.tokenizer._tokenizer) for engine in replicas}) == 3


def test_replicas_of_a_base_without_adapter(tiny_base, plain, rows):
    shim = causal_lm_shim(build_causal_lm_v1(base=str(tiny_base), device="cpu"))
    engine = ReplicaEngine(replicate(shim, ["cpu", "cpu"]))
    assert_same(complete(engine, rows)[0], plain.complete(rows))


class Recorder:
    """An engine that writes nothing, and knows what it was asked and by whom; it
    answers when all replicas have been asked."""

    def __init__(self, everyone):
        self.everyone = everyone
        self.asked = []
        self.threads = set()

    def session(self, n_texts):
        return nullcontext(self)

    def complete(self, branches):
        self.everyone.wait(timeout=20)
        self.asked.append([list(row) for row in branches])
        self.threads.add(threading.get_ident())
        return [[(id(self), branch) for branch in row] for row in branches]


def test_replicas_work_at_the_same_time_on_even_shares():
    """Each in a thread of its own: here none would answer before all are asked."""
    everyone = threading.Barrier(3)
    engines = [Recorder(everyone) for _ in range(3)]
    branches = [[f"{text}.{place}" for place in range(7)] for text in range(4)]
    (answers,) = complete(ReplicaEngine(engines), branches)
    assert [[branch for _, branch in row] for row in answers] == branches
    shares = [sum(map(len, engine.asked[0])) for engine in engines]
    assert sum(shares) == 28 and max(shares) - min(shares) <= 2
    for engine in engines:
        assert {len(row) for row in engine.asked[0]} <= {2, 3}
    assert len(set.union(*(engine.threads for engine in engines))) == 3


def test_texts_of_one_branch_are_spread_too():
    engines = [Recorder(threading.Barrier(1)) for _ in range(2)]
    complete(ReplicaEngine(engines), [["a"], ["b"], ["c"], ["d"]])
    assert engines[0].asked == [[["a"], [], ["c"], []]]
    assert engines[1].asked == [[[], ["b"], [], ["d"]]]


def test_a_replica_without_work_is_not_asked():
    engines = [Recorder(threading.Barrier(1)) for _ in range(3)]
    assert complete(ReplicaEngine(engines), [[], ["a"]])[0][0] == []
    assert [len(engine.asked) for engine in engines] == [0, 1, 0]
    assert complete(ReplicaEngine(engines), [[], []]) == [[[], []]]


def test_the_error_of_a_replica_reaches_the_caller(shim, replicas, rows):
    class Failing:
        def session(self, n_texts):
            return nullcontext(self)

        def complete(self, branches):
            raise RuntimeError("CUDA out of memory")

    with pytest.raises(RuntimeError, match="out of memory"):
        complete(ReplicaEngine([replicas[0], Failing()]), rows)
    # and the others go on as before
    assert_same(complete(replicas[0], rows)[0], complete(shim.engine, rows)[0])


def test_no_engines_are_refused():
    with pytest.raises(ValueError, match="E610"):
        ReplicaEngine([])


def test_a_device_that_is_not_there_is_refused(shim):
    with pytest.raises(ValueError, match="E703.*'cuda:77'"):
        replicate(shim, ["cpu", "cuda:77"])
