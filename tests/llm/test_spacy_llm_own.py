"""spacy-llm's own tests of its NER task, the llm pipe and the cache, run on this task
and model.

Where one of them answers in the notation of spacy.NER.v3, the answer is translated.

Left out, as they test what this task and model do not have:
- tasks.test_ner: jinja templates, few-shot examples and their labels, chain of thought,
  `find_substrings`, matching without case (a mention is copied from the text), and
  test_regression_span_task_response_parse, which tells like strings of two labels apart
  by one common list: here each label numbers its own, and a string is left to one
  label. The test of an invalid alignment_mode expects spacy-llm's words (ours:
  test_task.py), those of test_ner_init, test_ner_serde and test_ner_to_disk private
  attributes (ours: below, and in test_task.py).
- pipeline.test_llm: the factories llm_ner etc., EntityLinker, few-shot readers, labels
  of TextCat, tasks without shards, a NoOp task's own prompt and data (ours: below).
- test_cache: test_caching_interrupted, which spacy-llm skips as flaky.
- sharding.test_sharding: asks OpenAI (ours: test_sharding.py); the same goes for
  test_combinations.
"""

import json
import logging
import re

import pytest
import spacy
from confection import Config
from spacy.language import Language
from spacy_llm.registry import registry
from spacy_llm.util import assemble_from_config

from spacy_padellm.llm.task import build_ner_v1

from .conftest import MODEL, TASK, llm_config
from .scripted import ScriptedModel, answer

pytest.importorskip("spacy_llm.tests.tasks.test_ner")
from spacy_llm.tests import test_cache as cache_tests  # noqa: E402
from spacy_llm.tests.pipeline import test_llm as pipe_tests  # noqa: E402
from spacy_llm.tests.pipeline.test_llm import (  # noqa: E402, F401
    test_llm_init,
    test_llm_pipe_empty,
    test_llm_pipe_with_cache,
    test_llm_serialize_bytes,
    test_llm_serialize_disk,
    test_type_checking_invalid,
)
from spacy_llm.tests.tasks import test_ner as ner_tests  # noqa: E402
from spacy_llm.tests.tasks.test_ner import (  # noqa: E402, F401
    test_ner_alignment,
    test_ner_labels,
    test_regression_span_task_comma,
)
from spacy_llm.tests.test_cache import (  # noqa: E402, F401
    test_caching,
    test_caching_llm_io,
    test_path_dir_created,
    test_path_file_invalid,
    test_prompt_template_handling,
)

NAMES = [
    *[("PER", name) for name in ("Alice", "Bob", "Marc")],
    *[("PERSON", name) for name in ("Jack", "Jill")],
    *[("LOC", "Ireland"), ("LOCATION", "France")],
]


@registry.llm_models("test.KnowsNames.v1")
def knows_names() -> ScriptedModel:
    """Finds the names in spacy-llm's tests, as GPT does for them."""
    return ScriptedModel(NAMES)


class InTheirNotation:
    """This task, but it parses `1. Jack | True | PER | is a person`."""

    def __init__(self, examples=(), case_sensitive_matching=True, **settings) -> None:
        self._task = build_ner_v1(**settings)
        self.normalizer = self._task._table.normalizer
        self.label_dict = {self.normalizer(label): label for label in self._task.labels}

    def parse_responses(self, shards, responses):
        answers = [[translated(one) for one in of_doc] for of_doc in responses]
        return self._task.parse_responses(shards, answers)


def translated(response: str) -> str:
    lines = re.findall(r"^\d+\. (.*?) \| True \| (.*?) \|", response, re.MULTILINE)
    return answer(*((label, text) for text, label in lines))


def config_string(labels: str, model: str, more: str = "") -> str:
    return f"""
    [nlp]
    lang = "en"
    pipeline = ["llm"]

    [components]

    [components.llm]
    factory = "llm"

    [components.llm.task]
    @llm_tasks = "{TASK}"
    labels = {labels}

    [components.llm.task.normalizer]
    @misc = "spacy.LowercaseNormalizer.v1"

    {more}

    [components.llm.model]
    {model}
    """


@pytest.fixture(autouse=True)
def this_task_and_model(monkeypatch, tiny_base):
    """Replace the task and the model in spacy-llm's tests by these."""
    add_pipe = Language.add_pipe

    def add(language, factory_name, name=None, *, config=None, **options):
        config = dict(config or {})
        task, model = config.get("task", {}), config.get("model", {})
        if task.get("@llm_tasks") == "spacy.NoOp.v1":
            config["task"] = {"@llm_tasks": TASK, "labels": "PER,LOC"}
        elif task.get("@llm_tasks") == "spacy.NER.v3":
            config["task"] = {**task, "@llm_tasks": TASK}
        if model.get("@llm_models", "spacy.NoOp.v1") == "spacy.NoOp.v1":
            config["model"] = llm_config(tiny_base)["model"]
        elif "GPT" in model["@llm_models"]:
            config["model"] = {"@llm_models": "test.KnowsNames.v1"}
        return add_pipe(language, factory_name, name, config=config, **options)

    monkeypatch.setattr(Language, "add_pipe", add)
    monkeypatch.setattr(ner_tests, "make_ner_task_v3", InTheirNotation)
    monkeypatch.setattr(pipe_tests, "make_noop_task", build_ner_v1)


@pytest.fixture
def noop_config(tiny_base):
    return {**llm_config(tiny_base, labels="PER,LOC"), "save_io": True}


@pytest.fixture
def nlp(noop_config):
    nlp = spacy.blank("en")
    nlp.add_pipe("llm", config=noop_config)
    return nlp


@pytest.fixture
def tiny_model_block(tiny_base) -> str:
    return f"""@llm_models = "{MODEL}"
    base = "{tiny_base}"

    [components.llm.model.format]
    @misc = "spacy_padellm.PaDeLLM.v1"
    """


def test_their_names_are_replaced(nlp):
    """Without this, they would be collected as tests."""
    nlp.add_pipe("llm", name="other", config=cache_tests._DEFAULT_CFG)
    assert type(nlp.get_pipe("other").task) is type(build_ner_v1())
    assert type(nlp.get_pipe("other")._model).__name__ == "ParallelDecoder"
    [doc] = ner_tests.make_ner_task_v3(labels="PER").parse_responses(
        [[nlp.make_doc("Jill left.")]], [["1. Jill | True | PER | is a person"]]
    )
    assert [ent.text for ent in doc.ents] == ["Jill"]


# -- the NER task ----------------------------------------------------------------------

DEFINITIONS = """[components.llm.task.label_definitions]
    PER = "named individual"
    ORG = "named organization"
    LOC = "place"
    """
CONFIGS = [
    ("PER,ORG,LOC", ""),
    ('["PER", "ORG", "LOC"]', ""),
    ("PER,ORG,LOC", DEFINITIONS),
]


@pytest.mark.parametrize(("labels", "more"), CONFIGS)
def test_ner_config(labels, more, tiny_model_block):
    config = Config().from_str(config_string(labels, tiny_model_block, more))
    ner_tests.test_ner_config(config)


def test_ner_predict(smollm, request):
    """With the shipped adapter, and no more than spacy-llm expects of GPT."""
    string = config_string("PER,ORG,LOC", f'@llm_models = "{MODEL}"')
    request.getfixturevalue = lambda name: string
    gold = [("Marc", "PER"), ("Bob", "PER"), ("Ireland", "LOC")]
    ner_tests.test_ner_predict("", "Marc and Bob both live in Ireland.", gold, request)


@pytest.mark.parametrize(("labels", "more"), CONFIGS)
def test_ner_io(labels, more, tiny_model_block):
    config = Config().from_str(config_string(labels, tiny_model_block, more))
    ner_tests.test_ner_io(assemble_from_config(config))


def test_ner_matching():
    """Only the case-sensitive one of its three cases."""
    ner_tests.test_ner_matching(
        "1. Jean | True | PER | is a person's name", True, [("Jean", "PER")]
    )


@pytest.mark.parametrize("n_detections", [0, 1, 2])
def test_ner_scoring(n_detections):
    string = config_string("PER,ORG,LOC", '@llm_models = "test.KnowsNames.v1"')
    ner_tests.test_ner_scoring(string, n_detections)


def test_ner_init(nlp):
    """Labels in the config take precedence over those of the examples."""
    doc = nlp.make_doc("Alice works with Bob in London.")
    gold = spacy.training.Example.from_dict(doc, {"entities": [(0, 5, "PER")]})
    nlp.initialize(lambda: [gold])
    assert nlp.get_pipe("llm").labels == ("PER", "LOC")


def test_ner_to_disk(nlp, tmp_path):
    """The task saves its labels in a file called cfg."""
    nlp.get_pipe("llm").add_label("ORG")
    nlp.to_disk(tmp_path)
    [cfg] = tmp_path.rglob("cfg")
    assert json.loads(cfg.read_text())["labels"] == ["PER", "LOC", "ORG"]


def test_add_label():
    ner_tests.test_add_label()


def test_clear_label():
    ner_tests.test_clear_label()


# -- the llm pipe ----------------------------------------------------------------------


@pytest.mark.parametrize("n_process", [1, 2])
def test_llm_pipe(nlp, n_process):
    texts = ["This is a test", "This is another test"]
    docs = list(nlp.pipe(texts, n_process=n_process))
    for doc, text in zip(docs, texts, strict=True):
        io = doc.user_data["llm_io"]["llm"]
        [prompt], [response] = io["prompt"], io["response"]
        assert json.loads(prompt)["text"] == doc.text == text
        assert set(json.loads(response)["counts"]) == {"PER", "LOC"}


def test_type_checking_valid(noop_config):
    pipe_tests.test_type_checking_valid(noop_config)


def test_llm_custom_data(noop_config):
    pipe_tests.test_llm_custom_data(noop_config, shard=True)


def test_llm_custom_data_overwrite(nlp):
    """Only annotations of the task are replaced."""
    doc = nlp.make_doc("This is a test")
    doc.user_data["test"] = "Test"
    doc.spans["padellm_ner"] = [doc[:1]]
    doc.spans["other"] = [doc[:1]]
    doc = nlp(doc)
    assert doc.user_data["test"] == "Test"
    assert list(doc.spans["padellm_ner"]) == list(doc.ents)
    assert list(doc.spans["other"]) == [doc[:1]]


@pytest.mark.parametrize("use_pipe", [True, False])
def test_llm_logs_at_debug_level(nlp, use_pipe, caplog):
    def read(text):
        return next(nlp.pipe([text])) if use_pipe else nlp(text)

    with caplog.at_level(logging.INFO):
        read("This is a test")
    assert "This is a test" not in caplog.text
    with caplog.at_level(logging.DEBUG):
        read("This is a test")
    assert "Generated prompt for doc: This is a test" in caplog.text
    assert '"labels": {"PER": "person", "LOC": "location"}' in caplog.text
    assert "LLM response for doc: This is a test" in caplog.text


def test_pipe_labels(nlp, tmp_path):
    nlp.to_disk(tmp_path)
    assert spacy.load(tmp_path).pipe_labels["llm"] == ["PER", "LOC"]
