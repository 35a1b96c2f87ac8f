"""Threads may share pipelines, cold and warm: each gets what a single one would get."""

import json
import shutil
import time

import numpy as np
import pytest
import spacy
import torch

from spacy_padellm.adapters.files import CARD, write_adapter
from spacy_padellm.execution import fused

from ..loras import LORA
from ..threads import N_THREADS, at_once
from .conftest import GOLD, examples, found

POINTER = {"@misc": "spacy_padellm.Pointer.v1", "size": 16, "threshold": 0.001}
ALONE = {**POINTER, "labels": "alone"}
LABELS = {"PERSON": "person", "LOC": "location"}
# one for each thread
TEXTS = [text for text, _ in GOLD] + [
    "Tom met Ann.",
    "Oslo is far away, said Li Wei.",
    "A worn chain, and a loose bolt.",
    "Norway beat Japan in Rome.",
]
ADAPTERS = ("one", "other", "dora", "second dora")


@pytest.fixture(scope="module")
def folder(make_nlp, tmp_path_factory):
    """Adapters that are as if trained: random, each with other weights, in folders of
    their names."""
    folder = tmp_path_factory.mktemp("adapters")
    for seed, name in enumerate(ADAPTERS):
        settings = {"use_dora": "dora" in name}
        write_random(make_nlp, folder / name, POINTER, seed, settings)
    write_random(make_nlp, folder / "alone", ALONE, 5, {})
    return folder


def write_random(make_nlp, folder, format, seed, settings):
    nlp = make_nlp(format=format, model={"lora": {**LORA, **settings}}, labels=LABELS)
    torch.manual_seed(seed)  # `initialize` draws too
    nlp.initialize(lambda: examples(nlp))
    ner = nlp.get_pipe("padellm_ner")
    with torch.no_grad():
        for parameter in ner.active_lm.parameters().values():
            parameter.add_(torch.randn_like(parameter) * 0.2)
    write_adapter(folder, ner._adapters.own.adapter(ner.format.name, LABELS))


@pytest.fixture
def cold(make_nlp, folder, tiny_base, tmp_path):
    """A function that builds a pipeline with an adapter. `base` names a copy of the
    tiny base, which no pipeline has loaded before."""

    def cold(adapter="one", *, base="base", format=POINTER, named=(), **model):
        if not (tmp_path / base).is_dir():
            shutil.copytree(tiny_base, tmp_path / base)
        paths = {"base": str(tmp_path / base), "adapter": str(folder / adapter)}
        return make_nlp(
            format=format,
            allow_overlap=True,
            model={**paths, **model},
            adapters={name: str(folder / name) for name in named},
        )

    return cold


def read(nlp, text, **settings):
    """All that is found, with scores."""
    doc = nlp(text, component_cfg={"padellm_ner": settings})
    group = doc.spans["padellm_ner"]
    spans = [(span.start, span.end, span.label_) for span in group]
    ents = [(ent.start, ent.end, ent.label_) for ent in doc.ents]
    return spans, group.attrs["scores"].tolist(), ents


def same(answers, expected):
    errors = [one for one in answers if isinstance(one, Exception)]
    assert not errors, errors
    for (spans, scores, ents), (spans2, scores2, ents2) in zip(
        answers, expected, strict=True
    ):
        assert (spans, ents) == (spans2, ents2)
        np.testing.assert_allclose(scores, scores2, rtol=1e-5)


def differ(expected):
    """Whether each text has findings of its own: others would be noticed."""
    return len({str(one) for one in expected}) == len(expected)


@pytest.mark.parametrize(
    ("format", "adapter", "settings"),
    [
        pytest.param(POINTER, "one", {}, id="merged"),
        pytest.param(POINTER, "one", {"merge_adapter": "never"}, id="beside"),
        pytest.param(POINTER, "dora", {"merge_adapter": "never"}, id="not fused"),
        pytest.param(ALONE, "alone", {}, id="labels alone"),
    ],
)
def test_a_cold_pipeline_answers_threads_as_one(cold, format, adapter, settings):
    alone = cold(adapter, base="serial", format=format, **settings)
    expected = [read(alone, text) for text in TEXTS]
    assert differ(expected)
    nlp = cold(adapter, format=format, **settings)
    same(at_once(lambda i: read(nlp, TEXTS[i])), expected)


def test_a_cold_pipeline_generates_in_threads(make_nlp, cold, adapter_folder, tmp_path):
    cold()
    model = {"base": str(tmp_path / "base"), "adapter": str(adapter_folder)}
    nlp = make_nlp(windows={"max_tokens": 9}, model=model)
    docs = at_once(lambda i: nlp(GOLD[i % 4][0]))
    assert [found(doc) for doc in docs] == [entities for _, entities in GOLD] * 2


def test_cold_pipelines_load_the_base_they_share_once(cold):
    def build(base):
        return [cold(ADAPTERS[i % 4], base=base) for i in range(N_THREADS)]

    expected = [
        read(nlp, text) for nlp, text in zip(build("serial"), TEXTS, strict=True)
    ]
    nlps = build("base")
    same(at_once(lambda i: read(nlps[i], TEXTS[i])), expected)
    assert len({id(nlp.get_pipe("padellm_ner").active_lm.base) for nlp in nlps}) == 1


def test_a_second_cold_pipeline_beside_one_that_works(cold):
    warm, other = cold(), cold("other")
    expected = [read((warm, other)[i % 2], text) for i, text in enumerate(TEXTS)]
    fresh = cold("other")
    fresh_too = (warm, fresh)
    for _ in range(2):
        same(at_once(lambda i: read(fresh_too[i % 2], TEXTS[i])), expected)


def test_calls_with_adapters_and_labels_of_their_own(cold):
    choices = (None, "other", "dora", "second dora")
    labels = [{f"L{i}": name} for i, name in enumerate(("person", "tool", "town"))]
    settings = [
        {"active_adapter": choices[i % 4], "labels": labels[i % 3]}
        for i in range(N_THREADS)
    ]
    alone = cold(base="serial", named=choices[1:])
    expected = [
        read(alone, text, **one) for text, one in zip(TEXTS, settings, strict=True)
    ]
    nlp = cold(named=choices[1:])
    same(at_once(lambda i: read(nlp, TEXTS[i], **settings[i])), expected)
    same(at_once(lambda i: read(nlp, TEXTS[i], **settings[i])), expected)


@pytest.mark.parametrize("kind", ["DoRA", "an unknown kind of base"])
def test_adapters_are_not_mixed_where_nothing_is_fused(cold, kind, monkeypatch):
    names = ("dora", "second dora") if kind == "DoRA" else ("one", "other")
    if kind != "DoRA":
        monkeypatch.setattr(fused, "kind_of", lambda config: None)
    nlps = [cold(name, merge_adapter="never") for name in names]
    expected = [[read(nlp, text) for text in TEXTS] for nlp in nlps]
    assert differ([*expected[0], *expected[1]])
    answers = at_once(lambda i: [read(nlps[i % 2], text) for text in TEXTS])
    for i, one in enumerate(answers):
        same([one] if isinstance(one, Exception) else one, expected[i % 2])


def test_a_pipeline_learns_while_another_reads_where_nothing_is_fused(cold):
    def learned(nlp):
        nlp.update(examples(nlp), sgd=nlp.resume_training())
        lm = nlp.get_pipe("padellm_ner").active_lm
        return torch.cat([one.flatten() for one in lm.parameters().values()])

    expected = learned(cold("one"))
    nlp, reader = cold("one"), cold("dora", merge_adapter="never")
    reader("Ann left."), nlp.update(examples(nlp), sgd=False)
    nlp.get_pipe("padellm_ner")._adapters.own.trainer.clear()

    def work(i):
        return learned(nlp) if i == 0 else [read(reader, text) for text in TEXTS]

    weights, *answers = at_once(work)
    assert not any(isinstance(one, Exception) for one in [weights, *answers])
    assert torch.allclose(weights, expected, atol=1e-5)


def test_pipelines_are_saved_while_others_start(cold):
    nlp = cold("one", merge_adapter="never")
    nlp("Ann left.")
    expected = nlp.get_pipe("padellm_ner").to_bytes()
    others = [cold(ADAPTERS[i % 4]) for i in range(N_THREADS)]

    def work(i):
        if i % 2:
            return read(others[i], TEXTS[i]) and expected
        return [nlp.get_pipe("padellm_ner").to_bytes() for _ in range(20)][-1]

    assert at_once(work) == [expected] * N_THREADS


# -- failures -------------------------------------------------------------------------


def test_a_base_that_comes_late(cold, tmp_path):
    alone = cold(base="serial")
    expected = [read(alone, text) for text in TEXTS]
    nlp = cold()
    (tmp_path / "base").rename(tmp_path / "away")
    for error in at_once(lambda i: read(nlp, TEXTS[i])):
        assert isinstance(error, ValueError) and "E30" in str(error)
    (tmp_path / "away").rename(tmp_path / "base")
    same(at_once(lambda i: read(nlp, TEXTS[i])), expected)


def test_an_adapter_of_another_base_that_is_replaced(cold, folder, tmp_path):
    shutil.copytree(folder / "one", tmp_path / "adapter")
    card = tmp_path / "adapter" / CARD
    right = card.read_text()
    card.write_text(json.dumps(json.loads(right) | {"fingerprint": "0" * 64}))
    nlp = cold(adapter=tmp_path / "adapter")
    with pytest.raises(ValueError, match="E326"):
        nlp(TEXTS[0])
    card.write_text(right)
    assert read(nlp, TEXTS[0]) == read(cold(), TEXTS[0])


def test_a_decoder_that_could_not_be_built(cold, monkeypatch):
    nlp, merged, calls = cold(), fused.merged, []

    def no_memory(*args):
        calls.append(args)
        if len(calls) == 2:
            raise RuntimeError("no memory for you")
        return merged(*args)

    monkeypatch.setattr(fused, "merged", no_memory)
    answers = at_once(lambda i: read(nlp, TEXTS[i]))
    [error] = [one for one in answers if isinstance(one, Exception)]
    assert "no memory for you" in str(error)
    nlp2 = cold(base="serial")
    same([read(nlp, text) for text in TEXTS], [read(nlp2, text) for text in TEXTS])


# -- warm_up --------------------------------------------------------------------------


def test_after_warm_up_nothing_is_built(cold, monkeypatch):
    nlp = cold(named=["other", "dora"])
    nlp.get_pipe("padellm_ner").warm_up()
    monkeypatch.setattr("spacy_padellm.adapters.shared_base.load_base", None)
    monkeypatch.setattr("spacy_padellm.execution.decoding.fused_base", None)
    monkeypatch.setattr("spacy_padellm.engines.packed.PackedEngine.__init__", None)
    for adapter in (None, "other", "dora"):
        assert read(nlp, TEXTS[0], active_adapter=adapter)[0]


def test_warm_up_needs_no_labels(make_nlp, caplog):
    nlp = make_nlp()
    assert nlp.get_pipe("padellm_ner").labels == ()
    nlp.get_pipe("padellm_ner").warm_up()
    assert nlp.get_pipe("padellm_ner")._adapters.own._engine.value is not None
    assert not caplog.records


def test_warm_up_fails_as_the_first_call_would(make_nlp):
    nlp = make_nlp(model={"base": "/no/such/base"})
    with pytest.raises(ValueError, match="E304.*/no/such/base"):
        nlp.get_pipe("padellm_ner").warm_up()


class SlowSpan:
    """spaCy's class with the pause that a thread may make anywhere."""

    extensions: set[str] = set()

    @classmethod
    def has_extension(cls, name):
        known = name in cls.extensions
        time.sleep(0.01)
        return known

    @classmethod
    def set_extension(cls, name, default):
        if name in cls.extensions:
            raise ValueError("E090")
        cls.extensions.add(name)


def test_threads_may_build_pipelines(monkeypatch):
    monkeypatch.setattr("spacy_padellm.pipeline.annotate.Span", SlowSpan)

    def build(_):
        nlp = spacy.blank("en")
        nlp.add_pipe("padellm_ner")
        return nlp.pipe_names

    assert at_once(build) == [["padellm_ner"]] * N_THREADS
