"""The task: prompts from docs, entities from answers, labels, files."""

import json
import pickle
import warnings

import pytest
import spacy
from spacy.language import Language
from spacy.tokens import Doc, Span
from spacy.training import Example
from spacy_llm import ty
from spacy_llm.registry import strip_normalizer

from spacy_padellm.llm.messages import read_prompt
from spacy_padellm.llm.model import ParallelDecoder
from spacy_padellm.llm.task import NERTask, build_ner_v1

from ..pipeline.conftest import examples
from .conftest import LABELS, MODEL, TASK
from .scripted import ScriptedModel, answer

TEXT = "Ann left Oslo, and Ann Lee stayed in Oslo."


def parse(task: NERTask, *answers: str, text: str = TEXT, ents=()) -> Doc:
    doc = spacy.blank("en")(text)
    doc.ents = [Span(doc, *ent) for ent in ents]
    [parsed] = task.parse_responses([[doc]], [list(answers)])
    assert parsed is doc
    return doc


def ents(doc: Doc) -> list[tuple[int, str, str]]:
    return [(ent.start, ent.text, ent.label_) for ent in doc.ents]


def scripted_nlp(make_llm, known=(), **task) -> Language:
    nlp = make_llm(**task)
    nlp.get_pipe("llm")._model = ScriptedModel(known)
    return nlp


# -- protocols -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "protocol",
    [
        ty.NonshardingLLMTask,  # what its check of types asks for
        ty.ShardingLLMTask,
        ty.LabeledTask,
        ty.ScorableTask,
        ty.Serializable,
        ty.PromptTemplateProvider,
        spacy.ty.InitializableComponent,
    ],
)
def test_it_is_all_that_a_task_may_be(protocol):
    assert isinstance(build_ner_v1(), protocol)


def test_types_are_consistent(tiny_base):
    config = {
        "task": {"@llm_tasks": TASK},
        "model": {"@llm_models": MODEL, "base": str(tiny_base)},
        "validate_types": True,
    }
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        component = spacy.blank("en").add_pipe("llm", config=config)
    assert ty.supports_sharding(component.task)
    assert isinstance(component._model, ty.ModelWithContextLength)
    assert isinstance(component._model, ParallelDecoder)


# -- prompts and answers ---------------------------------------------------------------


def test_a_prompt_holds_the_text_and_the_names_of_the_labels():
    task = build_ner_v1(labels="PER,TEAM", label_definitions={"TEAM": "sports team"})
    doc = spacy.blank("en")("Ann left. \n")
    [([prompt], [shard])] = task.generate_prompts([doc])
    query = read_prompt(prompt)
    assert query.labels == {"PER": "person", "TEAM": "sports team"}
    assert (query.text, shard) == ("Ann left. \n".rstrip(" "), doc)


def test_a_prompt_holds_wrapped_lines_as_one():
    text = "On Monday, the people of the office in Nairobi met Ann Mary\nLee and left."
    task = build_ner_v1(labels="PER")
    [([prompt], _)] = task.generate_prompts([spacy.blank("en")(text)])
    assert read_prompt(prompt).text == text.replace("\n", " ")
    doc = parse(task, answer(("PER", "Ann Mary Lee")), text=text)
    assert [one for _, one, _ in ents(doc)] == ["Ann Mary\nLee"]


def test_the_kth_mention_is_the_kth_occurrence():
    oslo = [(2, "Oslo", "LOC"), (9, "Oslo", "LOC")]
    task = build_ner_v1(labels="PER,LOC")
    assert ents(parse(task, answer(("LOC", "Oslo")))) == oslo[:1]
    assert ents(parse(task, answer(("LOC", "Oslo"), ("LOC", "Oslo")))) == oslo


def test_the_most_probable_label_keeps_a_string():
    told = json.loads(answer(("PER", "Ann"), ("LOC", "Ann")))
    told["mentions"][1]["probability"] = 0.9
    text = "Ann left Oslo."
    task = build_ner_v1(labels="PER,LOC", spans_key="sc")
    doc = parse(task, json.dumps(told), text=text)
    assert ents(doc) == [(0, "Ann", "LOC")]
    assert doc.spans["sc"].attrs["dropped"] == {"duplicate": 1}
    task = build_ner_v1(labels="PER,LOC", deduplicate=False, spans_key="sc")
    doc = parse(task, json.dumps(told), text=text)
    assert ents(doc) == [(0, "Ann", "LOC")]
    assert doc.spans["sc"].attrs["dropped"] == {"overlap": 1}


def test_scores_stand_on_the_entities_and_in_the_group():
    task = build_ner_v1(labels="PER", spans_key="sc")
    doc = parse(task, answer(("PER", "Ann"), ("PER", "Ann Lee")))
    assert [ent._.score for ent in doc.ents] == pytest.approx([0.25, 0.25])
    group = doc.spans["sc"]
    assert list(group) == list(doc.ents)
    assert list(group.attrs["scores"]) == pytest.approx([0.25, 0.25])


def test_what_becomes_of_the_others_is_counted(caplog):
    told = json.loads(answer(("PER", "Bob"), ("PER", "nn"), ("ORG", "Oslo")))
    told["lost"] = {"malformed": 2}
    task = build_ner_v1(labels="PER,LOC", spans_key="sc")
    doc = parse(task, json.dumps(told))
    assert (ents(doc), doc.spans["sc"].attrs["dropped"]) == (
        [],
        {"not in text": 1, "misaligned": 1, "unknown label": 1, "malformed": 2},
    )
    assert "W801" in caplog.text and "'Bob'" in caplog.text


@pytest.mark.parametrize(
    ("overwrite_ents", "expected"),
    [
        (False, [(0, "Ann left", "X"), (2, "Oslo", "LOC")]),
        (True, [(0, "Ann", "PER"), (2, "Oslo", "LOC")]),
    ],
)
def test_entities_that_are_there_stay_unless_told_else(overwrite_ents, expected):
    task = build_ner_v1(labels="PER,LOC", overwrite_ents=overwrite_ents)
    found = answer(("PER", "Ann"), ("LOC", "Oslo"))
    assert ents(parse(task, found, ents=[(0, 2, "X")])) == expected


def test_settings_for_the_output_are_those_of_padellm_ner():
    found = answer(("PER", "Ann"), ("PER", "Ann Lee"))
    doc = parse(build_ner_v1(labels="PER", threshold=0.3, spans_key="mine"), found)
    assert (ents(doc), list(doc.spans)) == ([], ["mine"])
    task = build_ner_v1(labels="PER", save_trace=True, spans_key="mine")
    doc = parse(task, found)
    [window] = doc.spans["mine"].attrs["trace"]
    assert (window["text"], window["labels"]) == (TEXT, {"PER": "person"})
    assert [mention["text"] for mention in window["mentions"]] == ["Ann", "Ann Lee"]
    assert not parse(build_ner_v1(labels="PER"), found).spans
    with pytest.raises(ValueError, match="E815"):
        build_ner_v1(save_trace=True)
    with pytest.raises(ValueError, match="E801"):
        build_ner_v1(alignment_mode="nearly")


def test_shards_without_their_doc_are_put_together():
    nlp = spacy.blank("en")
    shards = [nlp("Ann saw "), nlp("Oslo.")]
    answers = [answer(("PER", "Ann")), answer(("LOC", "Oslo"))]
    [doc] = build_ner_v1(labels="PER,LOC").parse_responses([shards], [answers])
    assert (doc.text, ents(doc)) == (
        "Ann saw Oslo.",
        [(0, "Ann", "PER"), (2, "Oslo", "LOC")],
    )


@pytest.mark.parametrize("text", ["", " ", "\n \n"])
def test_a_text_of_nothing_comes_through(make_llm, text):
    doc = scripted_nlp(make_llm, [("LOC", "Oslo")], labels="LOC")(text)
    assert (doc.text, doc.ents) == (text, ())


def test_answers_of_other_models_are_refused(make_llm):
    nlp = make_llm(labels="PER")
    nlp.get_pipe("llm")._model = lambda prompts: [["PER: Ann"] for _ in prompts]
    with pytest.raises(ValueError, match="E842.*PER: Ann"):
        nlp("Ann left.")


# -- labels ----------------------------------------------------------------------------


def test_without_labels_nothing_is_found_and_it_is_said_once(make_llm, caplog):
    nlp = make_llm(model={"base": "/nowhere/at/all"})
    assert [doc.ents for doc in nlp.pipe([TEXT, TEXT])] == [(), ()]
    assert caplog.text.count("W841") == 1


@pytest.mark.parametrize(
    ("config", "given", "expected"),
    [
        (None, None, {"PERSON": "person", "LOC": "location"}),
        ("TEAM", None, {"TEAM": "TEAM"}),
        ("TEAM", ["CITY"], {"CITY": "CITY"}),
        (None, {"CITY": "big city"}, {"CITY": "big city"}),
        (None, "CITY,TEAM", {"CITY": "CITY", "TEAM": "TEAM"}),
    ],
)
def test_initialize_settles_the_labels(make_llm, config, given, expected):
    nlp = make_llm(labels=config)
    if given is not None:
        nlp.config["initialize"]["components"]["llm"] = {"labels": given}
    nlp.initialize(lambda: examples(nlp))
    assert nlp.get_pipe("llm").task._table.names == expected
    assert nlp.pipe_labels["llm"] == list(expected)


def test_initialize_takes_names_that_the_gold_docs_give(make_llm):
    nlp = make_llm()
    [example] = examples(nlp, [("Who is Shaka Khan?", [(7, 17, "PERSON")])])
    example.reference.user_data["padellm_labels"] = {"PERSON": "singer", "LOC": "place"}
    nlp.initialize(lambda: [example])
    names = {"PERSON": "singer", "LOC": "place"}
    assert nlp.get_pipe("llm").task._table.names == names


def test_labels_may_be_added_and_cleared(make_llm):
    nlp = scripted_nlp(make_llm, [("PER", "Ann"), ("CITY", "Oslo")], labels="PER")
    component = nlp.get_pipe("llm")
    assert len(nlp(TEXT).ents) == 2
    assert component.add_label("CITY", "big city") == 1
    assert component.add_label("CITY", "small city") == 0
    assert component.task.label_definitions == {"CITY": "big city"}
    assert len(nlp(TEXT).ents) == 4
    component.clear()
    assert (component.labels, len(nlp(TEXT).ents)) == ((), 0)


def test_answers_name_labels_in_the_words_of_the_normalizer():
    found = answer((" per", "Ann"), ("Loc", "Oslo"))
    both = [(0, "Ann", "PER"), (2, "Oslo", "LOC")]
    assert ents(parse(build_ner_v1(labels="PER,LOC"), found)) == both
    strict = build_ner_v1(labels="PER,LOC", normalizer=strip_normalizer())
    assert ents(parse(strict, found)) == []


# -- scores and files ------------------------------------------------------------------


def test_nlp_evaluate_scores_as_spacy_llm_does(make_llm):
    nlp = scripted_nlp(make_llm, [("PERSON", "Shaka Khan")], labels=LABELS)
    scores = nlp.evaluate(examples(nlp))
    assert (scores["ents_p"], scores["ents_r"]) == (1.0, pytest.approx(1 / 6))
    assert scores["ents_per_type"]["LOC"]["r"] == 0


def test_another_scorer_may_be_given(make_llm):
    config = {"@scorers": "spacy_padellm.ner_scorer.v1"}
    nlp = scripted_nlp(make_llm, labels=LABELS, scorer=config)
    scores = nlp.evaluate(examples(nlp))
    assert scores["ents_r"] == 0 and len(scores) > 10


@pytest.mark.parametrize("in_bytes", [True, False])
def test_a_saved_pipeline_has_its_labels(make_llm, tmp_path, in_bytes):
    nlp = make_llm()
    nlp.initialize(lambda: examples(nlp))
    nlp.get_pipe("llm").add_label("TEAM", "sports team")
    if in_bytes:
        loaded = make_llm()
        loaded.from_bytes(nlp.to_bytes())
    else:
        nlp.to_disk(tmp_path)
        loaded = spacy.load(tmp_path)
    names = {"PERSON": "person", "LOC": "location", "TEAM": "sports team"}
    assert loaded.get_pipe("llm").task._table.names == names
    assert loaded.config["components"] == nlp.config["components"]


def test_a_saved_pipeline_reads_as_before(reading_nlp, tmp_path):
    text = "I like London and Berlin."
    before = ents(reading_nlp(text))
    reading_nlp.to_disk(tmp_path)
    assert ents(spacy.load(tmp_path)(text)) == before != []
    assert not list(tmp_path.rglob("*.safetensors"))


def test_it_can_be_pickled():
    task = build_ner_v1(labels="PER,LOC", label_definitions={"LOC": "place"})
    twin = pickle.loads(pickle.dumps(task))
    assert twin._table.names == task._table.names
    assert ents(parse(twin, answer(("LOC", "Oslo")))) == [(2, "Oslo", "LOC")]


def test_save_io_keeps_prompts_and_answers(make_llm):
    nlp = make_llm(labels="LOC", llm={"save_io": True})
    nlp.get_pipe("llm")._model = ScriptedModel([("LOC", "Oslo")])
    io = nlp(TEXT).user_data["llm_io"]["llm"]
    assert [read_prompt(prompt).text for prompt in io["prompt"]] == [TEXT]
    assert io["response"] == [answer(("LOC", "Oslo"), ("LOC", "Oslo"))]


def test_examples_are_gold_and_untouched(make_llm):
    nlp = scripted_nlp(make_llm, [("LOC", "Oslo")], labels=LABELS)
    gold: list[Example] = examples(nlp)
    nlp.evaluate(gold)
    assert [len(one.reference.ents) for one in gold] == [1, 2, 0, 3]
