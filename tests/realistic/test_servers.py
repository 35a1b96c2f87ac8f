"""Cold processes whose first calls come together: the embedded base, real adapters."""

import json
import subprocess
import sys

import pytest
import spacy
from spacy.language import Language
from spacy.training import Example

from ..threads import at_once
from .conftest import ENGLISH, found

pytestmark = pytest.mark.slow

CALL = """
import json, sys
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
import spacy

adapter, format, n_threads, n_pipelines = json.loads(sys.argv[1])
texts = json.loads(sys.argv[2])
config = {
    "model": {"adapter": adapter, "device": "cpu"},
    "format": {"@misc": f"spacy_padellm.{format}.v1"},
}
pipelines = [spacy.blank("en") for _ in range(n_pipelines)]
for nlp in pipelines:
    nlp.add_pipe("padellm_ner", config=config)
barrier = Barrier(n_threads)

def call(number):
    if n_threads > 1:
        barrier.wait()
    doc = pipelines[number % n_pipelines](texts[number])
    return [[ent.start_char, ent.end_char, ent.label_] for ent in doc.ents]

with ThreadPoolExecutor(n_threads) as threads:
    print(json.dumps(list(threads.map(call, range(len(texts))))))
"""
TEXTS = [
    "Angela Merkel flew from Berlin to Paris.",
    "The United Nations met in New York on Monday.",
    "Maria Jensen left the Copenhagen office of Novo Nordisk.",
    "Tim Cook runs Apple.",
    "Siemens opened a plant in Nairobi.",
    "Nothing of note happened.",
    "Fatima Khan studied in Oslo and in Rome.",
    "Volvo and Ericsson are Swedish.",
]


def answers(system, n_threads: int, n_pipelines: int) -> list:
    """Of a process of its own, which is cold."""
    arguments = [json.dumps([*system, n_threads, n_pipelines]), json.dumps(TEXTS)]
    command = [sys.executable, "-c", CALL, *arguments]
    return json.loads(subprocess.run(command, check=True, capture_output=True).stdout)


@pytest.mark.parametrize("system", ENGLISH, ids=lambda system: system[1])
def test_eight_first_calls_at_once_get_what_single_calls_get(smollm, system):
    """They failed in three of three starts, and so did all later calls."""
    serial = answers(system, 1, 1)
    assert sum(map(len, serial)) >= 10
    for n_pipelines in (1, 1, 2):
        assert answers(system, 8, n_pipelines) == serial


NAMES = ["Angela Merkel", "Berlin", "Paris"]  # in the first text


@pytest.fixture(scope="module")
def unfused(smollm):
    """Two pipelines on one base with DoRA adapters, for which nothing is fused, so that
    the active adapter is switched for each pass. Each has learned one text."""
    return [learned("PER", "LOC", "LOC"), learned("LEADER", "CAPITAL", "CAPITAL")]


def learned(*labels: str) -> Language:
    nlp = spacy.blank("en")
    lora = {"r": 4, "lora_alpha": 8, "target_modules": ["q_proj"], "use_dora": True}
    model = {"adapter": None, "device": "cpu", "lora": lora, "merge_adapter": "never"}
    nlp.add_pipe("padellm_ner", config={"model": model})
    starts = map(TEXTS[0].index, NAMES)
    entities = [
        (start, start + len(name), label)
        for start, name, label in zip(starts, NAMES, labels, strict=True)
    ]
    gold = [Example.from_dict(nlp.make_doc(TEXTS[0]), {"entities": entities})]
    optimizer = nlp.initialize(lambda: gold)
    for _ in range(30):
        nlp.update(gold, sgd=optimizer)
    return nlp


def test_threads_do_not_mix_adapters_that_are_switched(unfused):
    """14 of 16 results were wrong in a simulation."""
    expected = [found(nlp(TEXTS[0])) for nlp in unfused]
    assert expected[0] != expected[1] and all(expected)
    answers = at_once(lambda number: found(unfused[number % 2](TEXTS[0])), 16)
    assert answers == expected * 8
