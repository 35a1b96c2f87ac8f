"""What a script trains begins with what a pipeline reads with."""

import subprocess
import sys

import pytest
import spacy
from spacy.training import Example

pytestmark = pytest.mark.slow

GOLD = [
    ("Maria Jensen met Omar Haddad in Oslo.", [(0, 12), (17, 28), (32, 36)]),
    ("Siemens sent Li Wei to Nairobi.", [(0, 7), (13, 19), (23, 30)]),
    ("The bus was late, and nobody minded.", []),
    ("Fatima Khan lives in Lagos.", [(0, 11), (21, 26)]),
    ("Nokia hired Pedro Silva.", [(0, 5), (12, 23)]),
]
LABELS = ["PER", "PER", "LOC", "ORG", "PER", "LOC", "PER", "LOC", "ORG", "PER"]


def examples(nlp) -> list[Example]:
    labels = iter(LABELS)
    return [
        Example.from_dict(
            nlp.make_doc(text),
            {"entities": [(start, end, next(labels)) for start, end in spans]},
        )
        for text, spans in GOLD
    ]


def test_a_script_goes_on_from_the_shipped_adapter(english):
    """F was 0.44 on these five texts after 12 updates."""
    nlp = english()
    gold = examples(nlp)
    before = nlp.evaluate(gold)["ents_f"]
    optimizer = nlp.initialize(lambda: gold)
    assert nlp.evaluate(gold)["ents_f"] == before
    for _ in range(12):
        nlp.update(gold, sgd=optimizer)
    assert nlp.evaluate(gold)["ents_f"] == 1.0


def test_a_config_of_spacy_init_goes_on_from_it_too(smollm, tmp_path):
    command = [sys.executable, "-m", "spacy", "init", "config", tmp_path / "config.cfg"]
    subprocess.run([*command, "--pipeline", "padellm_ner"], check=True)
    config = spacy.util.load_config(tmp_path / "config.cfg")
    assert config["components"]["padellm_ner"]["model"]["adapter"] == "auto"
    nlp = spacy.util.load_model_from_config(config, auto_fill=True)
    nlp.initialize(lambda: examples(nlp))
    assert nlp.evaluate(examples(nlp))["ents_f"] > 0.9
