"""What gold docs teach, and what they had better not teach."""

import pytest
from spacy.tokens import Doc, Span
from spacy.training import Example

from spacy_padellm.pipeline.padellm_ner import PaDeLLMNER
from spacy_padellm.types import Window

from .conftest import GOLD, examples, found, learn
from .scripted import ScriptedFormat

NAMES = {"PERSON": "person", "LOC": "location"}
NOTHING = {"padellm_ner": 0.0}


@pytest.fixture
def ner(make_nlp) -> PaDeLLMNER:
    nlp = make_nlp(labels=NAMES)
    nlp.initialize()
    ner = nlp.get_pipe("padellm_ner")
    ner.format = ScriptedFormat()
    return ner


def gold_doc(ner: PaDeLLMNER, text: str, tags: str = "", annotated=None) -> Doc:
    """tags: one a word, as `B-LOC`, `O`, or `?` where nothing is known."""
    words = text.split() or [*text]
    ents = ["" if tag == "?" else tag for tag in tags.split()] or None
    doc = Doc(ner.vocab, words=words, ents=ents)
    if annotated is not None:
        doc.user_data["padellm_labels"] = annotated
    return doc


def update(ner: PaDeLLMNER, *docs: Doc) -> list[tuple]:
    """Learn from the docs; what the format was taught."""
    ner.format.taught.clear()
    losses = ner.update(
        [Example(Doc(doc.vocab, words=[t.text for t in doc]), doc) for doc in docs]
    )
    assert (losses == NOTHING) == (not ner.format.taught)
    has_gradients = any(
        p.grad is not None for p in ner._adapters.own.lm.parameters().values()
    )
    assert has_gradients == bool(ner.format.taught)
    return ner.format.taught


def cut_at(*bounds: int):
    """A window getter that cuts a doc before these tokens."""
    pairs = list(zip(bounds, bounds[1:], strict=False))
    return lambda doc: [Window(start, end, start, end) for start, end in pairs]


def test_a_doc_is_taught_with_all_labels_and_the_strings_of_each(ner):
    doc = gold_doc(ner, "Ann Lee left Oslo .", "B-PERSON I-PERSON O B-LOC O")
    strings = {"PERSON": ["Ann Lee"], "LOC": ["Oslo"]}
    assert update(ner, doc) == [("Ann Lee left Oslo .", NAMES, strings)]


def test_docs_without_annotation_teach_nothing(ner, caplog):
    assert update(ner, gold_doc(ner, "Ann left Oslo .")) == []
    assert not caplog.records, "nothing is wrong with them"


@pytest.mark.parametrize("text", ["", " ", "\n"])
def test_docs_of_nothing_teach_nothing(ner, text):
    assert update(ner, gold_doc(ner, text, "O" if text else "")) == []


def test_docs_without_entities_teach_that_nothing_is_there(ner):
    [(_, asked, strings)] = update(ner, gold_doc(ner, "Nothing here", "O O"))
    assert (asked, strings) == (NAMES, {})


def test_what_was_predicted_is_not_learned(ner):
    reference = gold_doc(ner, "Ann left Oslo", "B-PERSON O B-LOC")
    predicted = reference.copy()
    predicted.ents = [Span(predicted, 1, 2, label="LOC")]
    ner.update([Example(predicted, reference)])
    [(_, _, strings)] = ner.format.taught
    assert strings == {"PERSON": ["Ann"], "LOC": ["Oslo"]}


def test_a_window_with_missing_annotation_is_left_out_and_said_once(ner, caplog):
    doc = gold_doc(ner, "Ann left . Oslo slept .", "B-PERSON O O B-LOC ? O")
    ner.windows = cut_at(0, 3, 6)
    assert update(ner, doc, doc) == [("Ann left .", NAMES, {"PERSON": ["Ann"]})] * 2
    assert caplog.text.count("not annotated") == 1


def test_an_entity_that_a_window_cuts_is_left_out_and_said_once(ner, caplog):
    doc = gold_doc(ner, "Ann Lee left Oslo", "B-PERSON I-PERSON O B-LOC")
    ner.windows = cut_at(0, 1, 4)
    taught = [("Ann", NAMES, {}), ("Lee left Oslo", NAMES, {"LOC": ["Oslo"]})]
    assert update(ner, doc) == taught
    assert update(ner, doc) == taught
    assert caplog.text.count("cut by a window") == 1


def test_an_entity_that_a_neighbouring_window_reads_whole_is_not_cut(ner, caplog):
    doc = gold_doc(ner, "Ann Lee left Oslo", "B-PERSON I-PERSON O B-LOC")
    ner.windows = lambda doc: [Window(0, 3, 0, 1), Window(1, 4, 1, 4)]
    strings = [strings for _, _, strings in update(ner, doc)]
    assert strings == [{"PERSON": ["Ann Lee"]}, {"LOC": ["Oslo"]}]
    assert not caplog.records


def test_unknown_gold_labels_are_left_out_and_said_once_each(ner, caplog):
    docs = (
        gold_doc(ner, "Ann ate rye", "B-PERSON O B-DISH"),
        gold_doc(ner, "NATO", "B-ORG"),
    )
    for _ in range(3):
        assert [strings for _, _, strings in update(ner, *docs)] == [
            {"PERSON": ["Ann"]},
            {},
        ]
    assert ner.labels == ("PERSON", "LOC")
    messages = [record.getMessage() for record in caplog.records]
    assert len(messages) == 2
    assert "'DISH'" in messages[0] and "'ORG'" in messages[1]


@pytest.mark.parametrize(
    ("annotated", "asked"),
    [
        (["PERSON"], {"PERSON": "person"}),
        ({"PERSON": "human being"}, {"PERSON": "human being"}),
        (["PERSON", "DISH"], {"PERSON": "person", "DISH": "DISH"}),
    ],
)
def test_a_doc_is_asked_only_for_the_labels_it_was_annotated_for(ner, annotated, asked):
    doc = gold_doc(ner, "Ann left Oslo", "B-PERSON O O", annotated)
    assert update(ner, doc) == [("Ann left Oslo", asked, {"PERSON": ["Ann"]})]


@pytest.mark.parametrize("annotated", [[], {}])
def test_a_doc_annotated_for_no_label_teaches_nothing(ner, annotated):
    assert update(ner, gold_doc(ner, "Ann left Oslo", "O O O", annotated)) == []


def test_a_pipeline_overfits_and_its_loss_falls(make_nlp):
    nlp = make_nlp()
    losses = learn(nlp, examples(nlp, GOLD[:2]), updates=40)
    assert losses[-1] < 0.1 * losses[0]
    for text, entities in GOLD[:2]:
        doc = nlp(text)
        assert found(doc) == entities
        assert all(ent._.score > 0.5 for ent in doc.ents)


def test_without_an_adapter_learning_fails_with_the_next_step(make_nlp):
    nlp = make_nlp(labels=NAMES)
    with pytest.raises(ValueError, match="E706.*nlp.initialize"):
        nlp.update(examples(nlp))


def test_update_refuses_what_is_no_example(ner):
    with pytest.raises(TypeError, match="E978"):
        ner.update([gold_doc(ner, "Ann")])


def test_gold_on_a_token_that_is_not_read_is_told(ner, caplog):
    url = "https://example.org/" + "x" * 225
    update(ner, gold_doc(ner, f"Ann saw {url} .", "B-PERSON O B-LOC O"))
    assert "W802" in caplog.text and "on tokens that are not read" in caplog.text


def test_gold_in_spans_alone_is_told(ner, caplog):
    doc = gold_doc(ner, "Ann left")
    doc.spans["sc"] = [doc[:1]]
    assert update(ner, doc) == []
    assert "only in doc.spans['sc']" in caplog.text
