"""The model answers a batch of prompts, and shares its base with padellm_ner."""

import copy
import json
import pickle
from dataclasses import dataclass
from inspect import signature

import pytest
import spacy
from spacy.language import Language

from spacy_padellm.formats.padellm import build_padellm_v1
from spacy_padellm.formats.pointer import Pointer
from spacy_padellm.llm.messages import read_answer
from spacy_padellm.llm.model import ParallelDecoder, build_parallel_decoder_v1
from spacy_padellm.model.architectures import build_causal_lm_v1

from ..pipeline.conftest import GOLD, found
from ..pipeline.scripted import ScriptedFormat
from .conftest import LABELS, MODEL
from .scripted import answer

TEXTS = [text for text, _ in GOLD]


def decoder(nlp: Language, name: str = "llm") -> ParallelDecoder:
    return nlp.get_pipe(name)._model


def prompt(text: str, **labels: str) -> str:
    return json.dumps({"text": text, "labels": labels or {"LOC": "location"}})


@dataclass
class CountingFormat(ScriptedFormat):
    """calls: the number of calls."""

    calls: int = 0

    def extract(self, *asked):
        self.calls += 1
        return super().extract(*asked)


@pytest.fixture
def scripted(tiny_base) -> ParallelDecoder:
    """A model with a format that predicts LOC for every capitalised word."""
    made = build_parallel_decoder_v1(base=str(tiny_base))
    made.format = CountingFormat(
        lambda text: [("LOC", word, 0.5) for word in text.split() if word.istitle()]
    )
    return made


def test_it_finds_what_its_adapter_has_learned(reading_nlp):
    assert [found(reading_nlp(text)) for text, _ in GOLD] == [ents for _, ents in GOLD]
    assert [found(doc) for doc in reading_nlp.pipe(TEXTS)] == [e for _, e in GOLD]


def test_it_finds_what_padellm_ner_finds_with_the_same_scores(reading_nlp, trained):
    for text in [*TEXTS, "Oslo, Shaka Khan and London."]:
        one, other = reading_nlp(text), trained(text)
        assert found(one) == found(other)
        for ent, twin in zip(one.ents, other.ents, strict=True):
            assert ent._.score == pytest.approx(twin._.score, rel=1e-4)


def test_the_base_is_loaded_once_for_both_components(trained, reading_nlp, make_llm):
    reading_nlp(TEXTS[1])
    base = trained.get_pipe("padellm_ner")._adapters.own.lm.base
    assert decoder(reading_nlp).lm.lm.base is base
    plain = make_llm(labels=LABELS)
    plain(TEXTS[1])
    assert decoder(plain).lm.lm.base is base


def test_both_components_may_be_in_one_pipeline(trained, adapter_folder, tiny_base):
    from .conftest import llm_config

    nlp = copy.deepcopy(trained)
    model = {"adapter": str(adapter_folder)}
    nlp.add_pipe("llm", config=llm_config(tiny_base, model, labels="LOC"))
    for text, ents in GOLD:
        assert found(nlp(text)) == ents
    with nlp.select_pipes(disable="padellm_ner"):
        locations = [ent for ent in GOLD[3][1] if ent[2] == "LOC"]
        assert found(nlp(GOLD[3][0])) == locations


def test_a_whole_batch_is_asked_at_once(scripted):
    docs = [[prompt("In Rome")], [prompt("In Oslo"), prompt("and Bonn")], []]
    answers = [[read_answer(one) for one in doc] for doc in scripted(iter(docs))]
    assert [[m.text for one in doc for m in one.mentions] for doc in answers] == [
        ["In", "Rome"],
        ["In", "Oslo", "Bonn"],
        [],
    ]
    assert scripted.format.calls == 1


def test_many_texts_take_few_more_passes_than_one(reading_nlp):
    reading_nlp(TEXTS[3])
    engine = decoder(reading_nlp).lm.engine
    passes = engine.usage.passes
    reading_nlp(TEXTS[3])
    alone = engine.usage.passes - passes
    list(reading_nlp.pipe([TEXTS[3]] * 8))
    assert engine.usage.passes - passes - alone <= 2 * alone
    assert engine.usage.sessions == 3


def test_batches_are_not_larger_than_batch_tokens(scripted):
    scripted.batch_tokens = 60
    docs = [[prompt("In Rome")] for _ in range(20)]
    assert len(scripted(docs)) == 20
    assert scripted.format.calls > 1


def test_answers_come_in_the_order_of_the_prompts(scripted):
    scripted.batch_tokens = 60
    words = [f"{'x' * length}x Rome{length}" for length in (3, 40, 1, 20, 7, 60)]
    docs = [[prompt(word.title())] for word in words]
    answers = [read_answer(one) for [one] in scripted(docs)]
    assert [one.mentions[-1].text for one in answers] == [
        word.split()[1] for word in words
    ]


@pytest.mark.parametrize("text", ["", " \n\t "])
def test_nothing_is_loaded_for_nothing(tmp_path, text):
    nowhere = build_parallel_decoder_v1(
        base=str(tmp_path / "nowhere"), format=build_padellm_v1()
    )
    assert nowhere([]) == []
    asked = [[prompt(text)], [json.dumps({"text": "Ann", "labels": {}})]]
    assert nowhere(asked) == [[answer()], [answer()]]
    with pytest.raises(ValueError, match="E304.*nowhere"):
        nowhere([[prompt("Ann")]])


def test_prompts_of_other_tasks_are_refused(tiny_base):
    nlp = spacy.blank("en")
    config = {
        "task": {"@llm_tasks": "spacy.NER.v3", "labels": "PER"},
        "model": {"@llm_models": MODEL, "base": str(tiny_base)},
    }
    nlp.add_pipe("llm", config=config)
    nlp.get_pipe("llm").task._shard_mapper = lambda doc, *_: [doc]
    with pytest.raises(ValueError, match="E841.*expert Named Entity"):
        nlp("Ann left.")


def test_an_adapter_of_another_format_is_refused(make_llm, adapter_folder):
    model = {
        "adapter": str(adapter_folder),
        "format": {"@misc": "spacy_padellm.OneStep.v1"},
    }
    nlp = make_llm(labels=LABELS, model=model)
    with pytest.raises(ValueError, match="E802.*PaDeLLM compact.*OneStep"):
        nlp(TEXTS[0])


def test_other_formats_may_be_had(make_llm):
    model = {"format": {"@misc": "spacy_padellm.OneStep.v1", "max_new_tokens": 8}}
    nlp = make_llm(labels=LABELS, model=model, llm={"save_io": True})
    doc = nlp(TEXTS[0])
    [written] = doc.user_data["llm_io"]["llm"]["response"]
    assert set(read_answer(written).counts) == set(LABELS)


def test_without_a_format_it_is_that_of_padellm_ner(tiny_base, make_nlp):
    made = build_parallel_decoder_v1(base=str(tiny_base))
    ner = spacy.blank("en").add_pipe("padellm_ner")
    assert isinstance(made.format, Pointer) and made.format == ner.format


def test_it_has_all_settings_of_a_model_but_those_of_training():
    of_model, of_decoder = (
        signature(build).parameters
        for build in (build_causal_lm_v1, build_parallel_decoder_v1)
    )
    assert of_model.keys() - of_decoder.keys() == {"train_batch_tokens", "lora"}
    for name in of_model.keys() & of_decoder.keys():
        assert of_model[name].default == of_decoder[name].default


def test_a_context_length_beyond_the_base_s_is_refused(make_llm):
    nlp = make_llm(labels=LABELS, model={"context_length": 2049})
    with pytest.raises(ValueError, match="E845.*2049.*2048"):
        nlp(TEXTS[0])
    nlp = make_llm(labels=LABELS, model={"context_length": 2048})
    assert nlp("Ann saw Oslo. " * 300).has_annotation("ENT_IOB")


@pytest.mark.parametrize(
    ("setting", "value", "code"),
    [
        ("context_length", 0, "E502"),
        ("batch_tokens", -1, "E502"),
        ("device", "gpu", "E702"),
        ("dtype", "float8", "E704"),
    ],
)
def test_a_setting_that_cannot_be_is_refused_at_once(make_llm, setting, value, code):
    with pytest.raises(ValueError, match=code):
        make_llm(model={setting: value})


def test_it_can_be_pickled(reading_nlp):
    before = found(reading_nlp(TEXTS[1]))
    twin = pickle.loads(pickle.dumps(reading_nlp.get_pipe("llm")))
    assert found(twin(reading_nlp.make_doc(TEXTS[1]))) == before == GOLD[1][1]


def test_several_processes_may_share_the_work(reading_nlp):
    docs = list(reading_nlp.pipe(TEXTS * 2, n_process=2, batch_size=2))
    assert [found(doc) for doc in docs] == [ents for _, ents in GOLD] * 2
