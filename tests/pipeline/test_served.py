"""A component whose model a server runs."""

import pickle
import shutil

import pytest
import spacy
from spacy.util import load_model_from_config
from thinc.api import Config

from spacy_padellm.adapters import shared_base
from spacy_padellm.adapters.adapted import AdaptedLM
from spacy_padellm.annotate.settings import PipelineSettings, pipeline_digest
from spacy_padellm.model.shim import causal_lm_shim
from spacy_padellm.pipeline.padellm_ner import PaDeLLMNER

from ..served import FakeServer, fault, running
from .conftest import GOLD, examples, learn

CAUSAL = {"only_in_text": True, "prefix_lm": False}
WINDOWS = {"max_tokens": 9}
TEXTS = [text for text, _ in GOLD] + ["Oslo and Köln like Shaka Khan.", "", "12 !"]


@pytest.fixture(scope="module")
def packed(make_nlp):
    """A pipeline that has learned GOLD, reading from left to right. Not to be
    changed."""
    nlp = make_nlp(format=CAUSAL, windows=WINDOWS)
    learn(nlp, examples(nlp))
    return nlp


@pytest.fixture(scope="module")
def merged(packed):
    lm = causal_lm_shim(packed.get_pipe("padellm_ner").model).lm
    return lm.merged().base


@pytest.fixture(scope="module")
def known():
    """What servers of this module share, as texts come again."""
    return {}


@pytest.fixture
def server(merged, known):
    models = {"tiny": merged.model}
    with running(FakeServer(models, merged.tokenizer, known=known)) as server:
        yield server


@pytest.fixture
def serve(server, packed, make_nlp, monkeypatch):
    """A function that makes a pipeline that asks the server."""
    monkeypatch.setattr("openai._base_client.INITIAL_RETRY_DELAY", 0.001)
    # whoever loads a base's weights gets them here
    monkeypatch.setattr(shared_base, "load_base", None)
    labels = packed.get_pipe("padellm_ner").label_data

    def serve(model=None, engine=None, **config):
        engine = {"url": server.url, "model": "tiny", "max_retries": 0} | (engine or {})
        config = {"format": CAUSAL, "windows": WINDOWS, "labels": labels} | config
        engine = {"@misc": "spacy_padellm.VLLM.v1", **engine}
        model = {"adapter": None} | (model or {})
        return make_nlp(engine=engine, model=model, **config)

    return serve


def found(doc):
    return [(ent.start, ent.end, ent.label_) for ent in doc.ents]


def assert_finds_the_same(nlp, packed, texts=TEXTS):
    for doc, expected in zip(nlp.pipe(texts), packed.pipe(texts), strict=True):
        assert found(doc) == found(expected)
        scores = [ent._.score for ent in expected.ents]
        assert [ent._.score for ent in doc.ents] == pytest.approx(scores, abs=1e-4)


@pytest.mark.parametrize(
    ("threshold", "only_in_text"), [(0.5, True), (0.01, True), (None, False)]
)
def test_it_finds_what_the_packed_engine_finds(threshold, only_in_text, serve, packed):
    own = packed.get_pipe("padellm_ner")
    settings = {"count_threshold": threshold, "only_in_text": only_in_text}
    nlp = serve(format=CAUSAL | settings)
    before = own.format
    own.format = nlp.get_pipe("padellm_ner").format
    try:
        assert_finds_the_same(nlp, packed)
        if threshold == 0.5:
            assert sum(len(doc.ents) for doc in nlp.pipe(TEXTS)) > 5
    finally:
        own.format = before


@pytest.mark.parametrize("format", ["OneStep", "AutoRegStruct", "AutoRegAug"])
def test_other_formats_that_generate_are_served_too(format, serve, make_nlp, merged):
    block = {"@misc": f"spacy_padellm.{format}.v1", "max_new_tokens": 8}
    nlp = serve(format=block)
    own = make_nlp(format=block, windows=WINDOWS, labels=["PERSON", "LOC"])
    lm = causal_lm_shim(own.get_pipe("padellm_ner").model)
    lm._lm.value = AdaptedLM.plain(merged)
    found, expected = written(nlp), written(own)
    assert [one[:2] for one in found] == [one[:2] for one in expected] != []
    scores = [one[2] for one in expected]
    assert [one[2] for one in found] == pytest.approx(scores, abs=1e-4)


def written(nlp):
    """The mentions that the model wrote, with their scores, and what of its answers
    could not be read: a model that never learned the format writes no mentions."""
    nlp.get_pipe("padellm_ner").save_trace = True
    docs = nlp.pipe(TEXTS)
    windows = [w for doc in docs for w in doc.spans["padellm_ner"].attrs["trace"]]
    lost = [(reason, n, 1.0) for w in windows for reason, n in w["lost"].items()]
    return lost + [
        (mention["label"], mention["text"], mention["score"])
        for window in windows
        for mention in window["mentions"]
    ]


def test_the_weights_are_never_loaded(serve, tmp_path, adapter_folder):
    """`serve` lets nobody load them. What is asked here is all that needs no
    training."""
    nlp = serve()
    ner = nlp.get_pipe("padellm_ner")
    ner.warm_up()
    assert ner.labels and ner.label_data
    assert [doc.text for doc in nlp.pipe(TEXTS)] == TEXTS
    nlp.to_disk(tmp_path / "saved")
    again = spacy.load(tmp_path / "saved")
    again("Who is Shaka Khan?")
    spacy.blank("en").from_config(nlp.config).from_bytes(nlp.to_bytes())
    pickle.loads(pickle.dumps(nlp))("Who is Shaka Khan?")
    with again.use_params({}):
        again.evaluate(examples(again))
    again.initialize()  # for other components
    again("Who is Shaka Khan?")
    assert causal_lm_shim(ner.model)._lm.value is None


def test_only_a_tokenizer_is_needed_here(serve, packed, tmp_path, merged):
    merged.tokenizer.save_pretrained(tmp_path)
    nlp = serve(model={"base": str(tmp_path)})
    assert_finds_the_same(nlp, packed, TEXTS[:1])


def test_the_labels_are_those_of_the_adapter(serve, packed, tmp_path):
    """The adapter's folder says what to look for, and in which format."""
    ner = packed.get_pipe("padellm_ner")
    ner.to_disk(tmp_path)
    model = {"adapter": str(tmp_path / "adapter")}
    nlp = serve(model=model, labels=None)
    assert nlp.get_pipe("padellm_ner").label_data == ner.label_data
    assert_finds_the_same(nlp, packed, TEXTS[:1])
    other = serve(model=model, format=CAUSAL | {"template": "padellm.en"})
    with pytest.raises(ValueError, match=r"\[E802\]"):
        other("Ann left.")


def test_a_named_adapter_is_a_lora_of_the_server(serve, packed, server, tmp_path):
    ner = packed.get_pipe("padellm_ner")
    ner.to_disk(tmp_path)
    server.models["places"] = server.models["tiny"]
    nlp = serve(adapters={"places": str(tmp_path / "adapter")}, labels=["X"])
    [text, *_] = TEXTS
    call = {"padellm_ner": {"active_adapter": "places"}}
    [doc] = nlp.pipe([text], component_cfg=call)
    assert found(doc) == found(packed(text)) != []
    assert server.asked[-1]["model"] == "places"
    del server.models["places"]
    fresh = serve(adapters={"places": str(tmp_path / "adapter")})
    with pytest.raises(ConnectionError, match=r"\[E358\].* 'places'"):
        [*fresh.pipe([text], component_cfg=call)]


def test_the_setting_survives_saving(serve, server, tmp_path):
    nlp = serve(engine={"max_requests": 3})
    block = nlp.config["components"]["padellm_ner"]["engine"]
    assert block["url"] == server.url and block["timeout"] == 60.0
    nlp.to_disk(tmp_path)
    ner = spacy.load(tmp_path).get_pipe("padellm_ner")
    assert (ner.engine.url, ner.engine.max_requests) == (server.url, 3)
    moved = {"components.padellm_ner.engine.url": "http://localhost:1"}
    assert spacy.load(tmp_path, config=moved).get_pipe("padellm_ner").engine.url == (
        "http://localhost:1"
    )


def test_a_pipeline_that_was_saved_without_the_setting_loads(packed, tmp_path):
    packed.to_disk(tmp_path)
    config = Config().from_disk(tmp_path / "config.cfg")
    assert config["components"]["padellm_ner"].pop("engine") == {
        "@misc": "spacy_padellm.Packed.v1"
    }
    config.to_disk(tmp_path / "config.cfg")
    nlp = spacy.load(tmp_path)
    assert nlp.get_pipe("padellm_ner").engine.url is None
    assert_finds_the_same(nlp, packed, TEXTS[:2])
    filled = load_model_from_config(config, auto_fill=True)
    assert "engine" in filled.config["components"]["padellm_ner"]


# -- what a server cannot do ----------------------------------------------------------


@pytest.mark.parametrize(
    ("format", "code"),
    [
        ({"@misc": "spacy_padellm.Pointer.v1"}, "E350"),
        ({"@misc": "spacy_padellm.PaDeLLM.v1"}, "E351"),
        ({"@misc": "spacy_padellm.OneStep.v1", "prefix_lm": True}, "E351"),
        ({"@misc": "spacy_padellm.AutoRegAug.v1", "prefix_lm": True}, "E351"),
    ],
)
def test_a_format_that_a_server_cannot_run_is_refused_at_once(format, code, serve):
    with pytest.raises(ValueError, match=rf"\[{code}\] The engine of pad.*Packed"):
        serve(format=format)


def test_training_is_refused_and_says_where_to_train(serve):
    nlp = serve()
    gold = examples(nlp)
    message = r"\[E366\] padellm_ner cannot be trained .*Packed.v1"
    with pytest.raises(ValueError, match=message):
        nlp.initialize(lambda: gold)
    with pytest.raises(ValueError, match=message):
        nlp.update(gold)


# -- what fails -----------------------------------------------------------------------


def test_a_server_that_is_gone_fails_every_doc_at_once(serve, server):
    """And not a doc after another, each with its own retries."""
    nlp = serve()
    nlp("Who is Shaka Khan?")
    failed, asked = [], len(server.asked)
    nlp.set_error_handler(lambda *args: failed.append((args[2], args[3])))
    server.change = lambda path, request, answer: fault(503, "going down")
    assert list(nlp.pipe(TEXTS)) == []
    assert [doc.text for docs, _ in failed for doc in docs] == TEXTS
    assert all("[E359]" in str(error) for _, error in failed)
    assert len(server.asked) - asked <= len(TEXTS)
    server.change = lambda path, request, answer: answer
    assert len(list(nlp.pipe(TEXTS))) == len(TEXTS), "it is back"


def test_a_server_whose_engine_has_died_fails_every_doc_at_once(serve, server):
    nlp = serve()
    nlp("Who is Shaka Khan?")
    failed, asked = [], len(server.asked)
    nlp.set_error_handler(lambda *args: failed.append(args[2]))
    server.change = lambda path, request, answer: fault(500, "EngineDeadError")
    assert list(nlp.pipe(TEXTS * 4)) == []
    assert [doc.text for docs in failed for doc in docs] == TEXTS * 4
    assert len(server.asked) - asked <= len(TEXTS) * 4


def test_a_server_that_cannot_answer_one_doc_fails_that_one(serve, server):
    nlp = serve()
    failed = []
    nlp.set_error_handler(lambda *args: failed.extend(args[2]))

    def change(path, request, answer):
        if path != "/v1/completions":
            return answer
        is_bad = "Berlin" in server.tokenizer.decode(request["prompt"][0])
        return fault(500, "a text that it cannot take") if is_bad else answer

    nlp(TEXTS[0])
    server.change = change
    docs = list(nlp.pipe(TEXTS))
    assert [doc.text for doc in failed] == [TEXTS[1]]
    assert [doc.text for doc in docs] == [*TEXTS[:1], *TEXTS[2:]]


def test_without_a_handler_an_error_stops_the_pipeline(serve, server):
    nlp = serve()
    server.change = lambda path, request, answer: {"choices": []}
    with pytest.raises(ValueError, match=r"\[E360\]"):
        list(nlp.pipe(TEXTS))
    with pytest.raises(ValueError, match=r"\[E360\]"):
        nlp(TEXTS[0])
    with pytest.raises(ValueError, match=r"\[E360\]"):
        nlp.get_pipe("padellm_ner").warm_up()


def test_the_component_says_where_its_model_is(serve, server):
    ner = serve().get_pipe("padellm_ner")
    assert isinstance(ner, PaDeLLMNER) and ner.engine.url == server.url


def test_annotate_needs_no_weights_of_a_base_that_a_server_runs(
    serve, tiny_base, tmp_path
):
    for file in tiny_base.iterdir():
        if file.is_file() and file.suffix != ".safetensors":
            shutil.copy(file, tmp_path)
    nlp = serve(model={"base": str(tmp_path)})
    settings = PipelineSettings("default")
    first = pipeline_digest(settings, nlp)
    with (tmp_path / "tokenizer.json").open("a") as file:
        file.write(" ")
    assert pipeline_digest(settings, nlp) != first
