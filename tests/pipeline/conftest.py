"""Pipelines on the tiny random base: untouched, trained to fit, or led by a script."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
import spacy
from spacy.language import Language
from spacy.tokens import Doc
from spacy.training import Example

from spacy_padellm.pipeline.annotate import annotate as annotate_with
from spacy_padellm.pipeline.output import Output
from spacy_padellm.pipeline.prediction import FoundMention, Prediction
from spacy_padellm.types import LabelledSpan, Mention

from .scripted import ScriptedFormat, Tell

# Learned by heart by the pipeline `trained`.
GOLD = [
    ("Who is Shaka Khan?", [(7, 17, "PERSON")]),
    ("I like London and Berlin.", [(7, 13, "LOC"), (18, 24, "LOC")]),
    ("Nothing to see here.", []),
    (
        "Maria Rossi left Oslo, and Oslo wept.",
        [(0, 11, "PERSON"), (17, 21, "LOC"), (27, 31, "LOC")],
    ),
]


def pytest_configure(config: pytest.Config) -> None:
    # spaCy's own tests carry it
    config.addinivalue_line("markers", "issue(number): a test of spaCy's issue tracker")


def examples(nlp: Language, gold=GOLD) -> list[Example]:
    return [
        Example.from_dict(nlp.make_doc(text), {"entities": entities})
        for text, entities in gold
    ]


def found(doc: Doc) -> list[tuple[int, int, str]]:
    """The doc's entities as they stand in GOLD."""
    return [(ent.start_char, ent.end_char, ent.label_) for ent in doc.ents]


def ents(doc: Doc) -> list[tuple[str, str]]:
    return [(ent.text, ent.label_) for ent in doc.ents]


def annotate(
    doc: Doc, found: list[LabelledSpan], dropped=None, by: str = "padellm_ner", **output
) -> None:
    """Write into the doc what the component `by` found, with these output settings."""
    mentions = [
        FoundMention(0, Mention(span.label, "", number, 0.0), span=span)
        for number, span in enumerate(found, 1)
    ]
    reading = Prediction(tuple(mentions), Counter(dropped))
    output.setdefault("spans_key", "padellm_ner")
    annotate_with(doc, reading, output=Output(**output), component=by)


def learn(nlp: Language, gold: list[Example], updates: int = 50) -> list[float]:
    """Initialize and overfit; the loss of each update."""
    sgd = nlp.initialize(lambda: gold)
    sgd.learn_rate = 0.01
    return [nlp.update(gold, sgd=sgd)["padellm_ner"] for _ in range(updates)]


@pytest.fixture(scope="session")
def make_nlp(tiny_base: Path) -> Callable[..., Language]:
    """A function that builds a blank pipeline with a padellm_ner on the tiny base, or
    adds it to the pipeline `nlp`.

    The component's settings are keywords, its model's settings the dict `model`.
    Mentions may be anything: what a model of two layers makes up is dropped, where
    limited to the text it would name some word or other.
    """

    def make(
        name: str = "padellm_ner",
        *,
        nlp: Language | None = None,
        model: dict | None = None,
        **config,
    ) -> Language:
        nlp = nlp or spacy.blank("en")
        plain_lora = {"lora": {"use_rslora": False, "lora_alpha": 32}}
        config["model"] = {"base": str(tiny_base), **plain_lora, **(model or {})}
        format = config.get("format", {"only_in_text": False})
        config.setdefault("spans_key", "padellm_ner")
        config["format"] = {"@misc": "spacy_padellm.PaDeLLM.v1", **format}
        nlp.add_pipe("padellm_ner", name=name, config=config)
        return nlp

    return make


@pytest.fixture(scope="session")
def trained(make_nlp) -> Language:
    """A pipeline that has learned GOLD by heart, and reads any mix of its sentences, as
    each is a window. Not to be changed."""
    nlp = make_nlp(windows={"max_tokens": 9})
    learn(nlp, examples(nlp))
    return nlp


@pytest.fixture(scope="session")
def unsure(make_nlp) -> Language:
    """A pipeline that saw the mention of the first text in two of five cases: it finds
    none there unless asked for what is less than likely. Not to be changed."""
    nlp = make_nlp(labels=["PERSON"])
    text, entities = GOLD[0]
    learn(nlp, examples(nlp, [(text, entities)] * 2 + [(text, [])] * 3))
    return nlp


@pytest.fixture
def scripted_nlp(make_nlp) -> Callable[..., Language]:
    """A function like `make_nlp` whose first argument says what is found in a text."""

    def make(tell: Tell, **config) -> Language:
        config.setdefault(
            "labels", {"PER": "person", "ORG": "organization", "LOC": "location"}
        )
        nlp = make_nlp(**config)
        nlp.get_pipe("padellm_ner").format = ScriptedFormat(tell)
        return nlp

    return make


@pytest.fixture
def doc(make_nlp) -> Doc:
    """A doc for `annotate`."""
    words = "Ann Lee met the Bank of England in London .".split()
    return Doc(make_nlp().vocab, words=words)


@pytest.fixture(scope="session")
def adapter_folder(trained: Language, tmp_path_factory) -> Path:
    """The adapter of the pipeline `trained`, as a PEFT folder."""
    folder = tmp_path_factory.mktemp("trained")
    trained.get_pipe("padellm_ner").to_disk(folder)
    return folder / "adapter"
