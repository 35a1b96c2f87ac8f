"""`nlp.pipe`: the same as `nlp`, in batches, in processes, and when a doc fails."""

import gc
import itertools
import multiprocessing
import random
import weakref

import pytest

from spacy_padellm.execution.decoding import Decoding
from spacy_padellm.pipeline.predict import predict_each

from .conftest import GOLD, found

WORDS = "who is like and I left , wept nothing to see here ? Oslo Berlin Ann".split()


def many_texts(number: int) -> list[str]:
    """Empty texts, 1 to 8 known sentences, and 1 to 40 random words."""
    choose = random.Random(0)
    known = [text for text, _ in GOLD]
    texts = ["", " ", "\n\n", "."]
    while len(texts) < number:
        pieces = choose.choice((known, known, WORDS))
        length = choose.choice((1, 2, 5, 8) if pieces is known else (1, 9, 40))
        texts.append(" ".join(choose.choice(pieces) for _ in range(length)))
    choose.shuffle(texts)
    return texts


@pytest.fixture(scope="module")
def one_by_one(trained) -> dict[str, list[tuple[int, int, str]]]:
    return {text: found(trained(text)) for text in many_texts(64)}


def test_the_pipeline_has_learned_its_sentences(trained):
    assert {text: found(trained(text)) for text, _ in GOLD} == dict(GOLD)


@pytest.mark.parametrize("batch_size", [7, 1000])
def test_pipe_finds_what_one_call_a_text_finds(trained, one_by_one, batch_size):
    texts = many_texts(64)
    docs = list(trained.pipe(texts, batch_size=batch_size))
    assert [doc.text for doc in docs] == texts
    assert {doc.text: found(doc) for doc in docs} == one_by_one
    assert sum(map(len, one_by_one.values())) > 100, "texts with entities"


@pytest.mark.parametrize("batch_tokens", [1, 2000])
def test_batches_of_any_size_find_the_same(
    trained, one_by_one, batch_tokens, monkeypatch
):
    monkeypatch.setattr(trained.get_pipe("padellm_ner"), "batch_tokens", batch_tokens)
    docs = trained.pipe(many_texts(64))
    assert {doc.text: found(doc) for doc in docs} == one_by_one


def test_scores_do_not_depend_on_the_batch(trained):
    texts = [text for text, _ in GOLD]
    together = [ent._.score for doc in trained.pipe(texts) for ent in doc.ents]
    alone = [ent._.score for text in texts for ent in trained(text).ents]
    assert together == pytest.approx(alone, abs=1e-4)


def test_as_tuples_keeps_each_context_with_its_doc(trained):
    pairs = [(text, {"place": place}) for place, (text, _) in enumerate(GOLD)]
    for doc, context in trained.pipe(pairs, as_tuples=True, batch_size=3):
        assert (doc.text, found(doc)) == GOLD[context["place"]]


def test_docs_go_through_as_well_as_texts(trained):
    docs = [trained.make_doc(text) for text, _ in GOLD]
    piped = list(trained.pipe(docs))
    assert all(doc is given for doc, given in zip(piped, docs, strict=True))
    assert [found(doc) for doc in piped] == [entities for _, entities in GOLD]


def test_a_stream_is_read_no_further_than_its_batches(scripted_nlp):
    taken = itertools.count()
    texts = (f"Oslo {next(taken)}" for _ in itertools.repeat(None))
    docs = scripted_nlp(lambda text: [("LOC", "Oslo", 0.9)]).pipe(texts, batch_size=4)
    assert [doc.text for doc in itertools.islice(docs, 6)][-1] == "Oslo 5"
    assert next(taken) <= 9


def test_predict_leaves_docs_as_they_are(trained):
    docs = [trained.make_doc(text) for text, _ in GOLD]
    before = [doc.to_bytes() for doc in docs]
    readings = trained.get_pipe("padellm_ner").predict(docs)
    assert [doc.to_bytes() for doc in docs] == before
    assert [len(reading.spans) for reading in readings] == [1, 2, 0, 3]


def test_a_doc_that_fails_takes_no_other_with_it(scripted_nlp):
    def tell(text):
        if text == "bad":
            raise RuntimeError("bad text")
        return [("LOC", text, 0.9)]

    nlp = scripted_nlp(tell)
    failed = []
    ner = nlp.get_pipe("padellm_ner")
    ner.set_error_handler(
        lambda name, proc, docs, error: failed.append((name, proc, docs, str(error)))
    )
    docs = list(nlp.pipe(["Oslo", "bad", "Rome", "Bonn"], batch_size=4))
    assert [(doc.text, doc.ents[0].text) for doc in docs] == [
        (t, t) for t in ("Oslo", "Rome", "Bonn")
    ]
    [(name, proc, [doc], error)] = failed
    assert (name, proc, doc.text, error) == ("padellm_ner", ner, "bad", "bad text")


def test_a_failed_batch_lets_go_of_its_memory_before_its_halves_run():
    """They may have failed for want of it."""

    class Activations:
        pass

    held = []

    def predict(docs):
        assert not any(one() for one in held)
        activations = Activations()
        held.append(weakref.ref(activations))
        raise RuntimeError(docs[0])

    gc.disable()  # the traceback's frames must be free without it
    try:
        found = predict_each(range(8), predict, check_model=lambda: None)
        first = next(found)
    finally:
        gc.enable()
    assert str(first) == "0" and len(held) == 4


def test_a_model_that_cannot_be_built_is_not_tried_for_each_half(make_nlp, monkeypatch):
    nlp, tried, failed = make_nlp(labels=["LOC"], model={"adapter": None}), [], []

    def build(decoding):
        tried.append(decoding)
        raise ValueError("not finite")

    monkeypatch.setattr(Decoding, "_build", build)
    nlp.set_error_handler(lambda name, pipe, docs, error: failed.extend(docs))
    assert list(nlp.pipe(["Oslo"] * 16)) == []
    assert len(failed) == 16 and len(tried) == 2


def test_a_doc_that_cannot_be_annotated_takes_no_other_with_it(
    scripted_nlp, monkeypatch
):
    nlp = scripted_nlp(lambda text: [("LOC", text, 0.9)])
    ner = nlp.get_pipe("padellm_ner")
    annotate = type(ner).set_annotations

    def fail(self, docs, readings, **output):
        if any(doc.text == "bad" for doc in docs):
            raise RuntimeError
        annotate(self, docs, readings, **output)

    monkeypatch.setattr(type(ner), "set_annotations", fail)
    failed = []
    ner.set_error_handler(lambda name, proc, docs, error: failed.extend(docs))
    texts = [doc.text for doc in nlp.pipe(["Oslo", "bad", "Rome"])]
    assert (texts, [doc.text for doc in failed]) == (["Oslo", "Rome"], ["bad"])


def test_a_text_longer_than_the_context_fails_alone(make_nlp, trained):
    nlp = make_nlp(labels=["LOC"], windows={"@misc": "spacy_padellm.WholeDoc.v1"})
    failed = []
    nlp.set_error_handler(lambda name, proc, docs, error: failed.append((docs, error)))
    texts = ["Oslo", "word " * 3000, "Rome"]
    assert [doc.text for doc in nlp.pipe(texts)] == ["Oslo", "Rome"]
    [([doc], error)] = failed
    assert doc.text == texts[1]
    assert "E601" in str(error)


def test_without_a_handler_the_error_is_raised(scripted_nlp):
    def tell(text):
        raise KeyError("unheard of")

    with pytest.raises(KeyError, match="unheard of"):
        list(scripted_nlp(tell).pipe(["Oslo"]))


def test_a_consumer_s_own_error_is_not_a_doc_s(scripted_nlp):
    nlp = scripted_nlp(lambda text: [])
    failed = []
    nlp.set_error_handler(lambda *args: failed.append(args))
    stream = nlp.pipe(["Oslo", "Rome"])
    next(stream)
    with pytest.raises(RuntimeError):
        stream.throw(RuntimeError("the consumer's"))
    assert not failed


def test_two_forked_processes_find_the_same(trained):
    texts = [text for text, _ in GOLD] * 3
    docs = trained.pipe(texts, n_process=2, batch_size=2)
    assert [(doc.text, found(doc)) for doc in docs] == GOLD * 3


def test_scores_come_back_from_processes(trained):
    text = GOLD[3][0]
    [doc] = trained.pipe([text], n_process=2)
    scores = [ent._.score for ent in doc.ents]
    assert scores == pytest.approx(
        [ent._.score for ent in trained(text).ents], abs=1e-4
    )
    assert scores == pytest.approx(doc.spans["padellm_ner"].attrs["scores"])


def test_spawned_processes_find_the_same(trained, monkeypatch):
    """What macOS and Windows do: the pipeline is pickled and the base loaded anew."""
    monkeypatch.setattr("spacy.language.mp", multiprocessing.get_context("spawn"))
    docs = trained.pipe([text for text, _ in GOLD], n_process=2, batch_size=2)
    assert [(doc.text, found(doc)) for doc in docs] == GOLD
