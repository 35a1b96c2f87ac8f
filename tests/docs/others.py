"""Whether spaCy's `ner` and spacy-llm's NER have a feature: found by running them.

A check is a function without arguments; its feature is a row of docs/features.md.
"""

import re
import tempfile
from collections.abc import Callable
from functools import cache
from importlib.metadata import requires
from inspect import signature
from pathlib import Path

# `typing` alone is known to spacy-llm's check of types
from typing import Iterable  # noqa: UP035

import spacy
from spacy.language import Language
from spacy.pipeline import EntityRecognizer
from spacy.tokens import Doc
from spacy.training import Example
from spacy.util import registry

NER_CHECKS: dict[str, Callable[[], bool]] = {}
LLM_CHECKS: dict[str, Callable[[], bool]] = {}
TEXT = "Ann left Oslo for the Bank of England."
ENTITIES = [(0, 3, "PER"), (9, 13, "LOC"), (22, 37, "ORG")]
ANSWER = """\
1. Ann | True | PER | is a person
2. Oslo | True | LOC | is a city
3. Bank of England | True | ORG | is a bank
4. England | True | LOC | is a country
"""


def of_ner(feature: str):
    return lambda check: NER_CHECKS.setdefault(feature, check)


def of_llm(feature: str):
    return lambda check: LLM_CHECKS.setdefault(feature, check)


def needs(package: str, other: str) -> bool:
    """Whether a package requires another one without any extra."""
    required = [line for line in requires(package) if "extra ==" not in line]
    return any(re.match(rf"{other}\b", line) for line in required)


def example(nlp: Language) -> Example:
    return Example.from_dict(nlp.make_doc(TEXT), {"entities": ENTITIES})


def keeps_more_than_ents(doc: Doc) -> bool:
    """Whether anything stands in the doc that could be a score or a nested entity."""
    assert doc.ents
    return bool(doc.spans or doc.user_data or doc.cats)


def keeps_an_entity(nlp: Language) -> bool:
    """Whether an entity that is no name stays where the component finds others."""
    doc = nlp.make_doc(TEXT)
    doc.ents = [doc.char_span(4, 8, label="VERB")]
    (component,) = (component for _, component in nlp.pipeline)
    ents = component(doc).ents
    assert len(ents) > 1 or ents[0].label_ != "VERB"
    return any(ent.label_ == "VERB" for ent in ents)


def fails_alone(component) -> bool:
    """Whether of docs in a batch only the one that cannot be read is given up."""
    failed = []
    component.set_error_handler(lambda name, proc, docs, error: failed.extend(docs))
    nlp = spacy.blank("en")
    list(component.pipe(map(nlp.make_doc, [TEXT, "unreadable", TEXT]), batch_size=8))
    assert failed
    return len(failed) == 1


def takes_a_setting(nlp: Language, component: str, **settings) -> bool:
    """Whether one call may have settings of its own."""
    try:
        nlp(TEXT, component_cfg={component: settings})
    except TypeError:
        return False
    return True


# -- spaCy's ner ----------------------------------------------------------------------


@cache
def ner() -> Language:
    """Has learned TEXT by heart. Not to be changed."""
    spacy.util.fix_random_seed(0)
    nlp = spacy.blank("en")
    nlp.add_pipe("ner")
    gold = [example(nlp)]
    sgd = nlp.initialize(lambda: gold)
    for _ in range(30):
        nlp.update(gold, sgd=sgd)
    assert len(nlp(TEXT).ents) == len(ENTITIES)
    return nlp


def ner_settings() -> dict:
    return spacy.blank("en").get_factory_meta("ner").default_config


@of_ner("Finds entities without any training")
def _() -> bool:
    nlp = spacy.blank("en")
    nlp.add_pipe("ner")
    try:
        return bool(nlp(TEXT).ents)
    except ValueError:  # it is not initialized
        return False


@of_ner("Trained by `spacy train`")
def _() -> bool:
    return ner().get_pipe("ner").is_trainable


@of_ner("A name or definition for each label")
def _() -> bool:
    return any("label" in setting for setting in ner_settings())


@of_ner("Labels for a single call")
def _() -> bool:
    return takes_a_setting(ner(), "ner", labels=["PER"])


@of_ner("Labels added to a live pipeline")
def _() -> bool:
    nlp = spacy.blank("en")
    component = nlp.add_pipe("ner")
    nlp.initialize(lambda: [example(nlp)])
    return component.add_label("SHIP") == 1 and "SHIP" in component.labels


@of_ner("A score for each entity")
@of_ner("Overlapping and nested entities")
def _() -> bool:
    return keeps_more_than_ents(ner()(TEXT))


@of_ner("A threshold for scores")
def _() -> bool:
    return "threshold" in ner_settings()


@of_ner("Keeps entities that a doc already has")
def _() -> bool:
    return keeps_an_entity(ner())


@of_ner("Documents of any length")
def _() -> bool:
    return len(ner()(f"{TEXT} " * 200)) > 1600


@of_ner("A failing document does not affect its batch")
def _() -> bool:
    class Picky(EntityRecognizer):
        def predict(self, docs):
            if any(doc.text == "unreadable" for doc in docs):
                raise ValueError("unreadable")
            return super().predict(docs)

    component = ner().get_pipe("ner")
    return fails_alone(Picky(ner().vocab, component.model, moves=component.moves))


@of_ner("Gold docs annotated for some labels only")
def _() -> bool:
    return "incorrect_spans_key" in ner_settings()


@of_ner("Scored by `spacy evaluate`")
def _() -> bool:
    return ner().evaluate([example(ner())]).get("ents_f") == 1.0


@of_ner("Several components share a base in memory")
def _() -> bool:
    return callable(registry.architectures.get("spacy.Tok2VecListener.v1"))


@of_ner("A saved pipeline holds everything it needs")
def _() -> bool:
    with tempfile.TemporaryDirectory() as folder:
        ner().to_disk(folder)
        return len(spacy.load(folder)(TEXT).ents) == len(ENTITIES)


@of_ner("A GPU without CuPy")
def _() -> bool:
    return not any("cupy" in line for line in requires("spacy"))


@of_ner("Runs without torch")
def _() -> bool:
    return not needs("spacy", "torch")


# -- spacy-llm ------------------------------------------------------------------------


def llm(*, context_length: int | None = None, save_io: bool = False, **task):
    """A pipeline whose model gives ANSWER to everything. prompts: what it was asked."""
    from spacy_llm.registry import registry as llm_registry

    class Answers:
        def __init__(self) -> None:
            self.prompts: list[list[str]] = []

        def __call__(self, prompts: Iterable[Iterable[str]]) -> Iterable[Iterable[str]]:
            for shards in prompts:
                self.prompts.append(list(shards))
                if any("unreadable" in shard for shard in self.prompts[-1]):
                    raise ValueError("unreadable")
                yield [ANSWER for _ in self.prompts[-1]]

    model = Answers()
    if context_length is not None:
        model.context_length = context_length
    llm_registry.llm_models("docs.Answers.v1")(lambda: model)
    nlp = spacy.blank("en")
    config = {
        "task": {"@llm_tasks": "spacy.NER.v3", "labels": "PER,LOC,ORG", **task},
        "model": {"@llm_models": "docs.Answers.v1"},
        "save_io": save_io,
    }
    nlp.add_pipe("llm", config=config)
    return nlp, model.prompts


def llm_settings() -> Iterable[str]:
    return signature(registry.llm_tasks.get("spacy.NER.v3")).parameters


def asks(what: str, **task) -> bool:
    """Whether it stands in a prompt."""
    nlp, prompts = llm(**task)
    nlp(TEXT)
    return what in prompts[0][0]


@of_llm("Trained by `spacy train`")
def _() -> bool:
    return llm()[0].get_pipe("llm").is_trainable


@of_llm("Takes labels that it was never trained on")
def _() -> bool:
    return asks("SPACESHIP", labels="SPACESHIP")


@of_llm("A name or definition for each label")
def _() -> bool:
    return asks("a vessel", labels="SHIP", label_definitions={"SHIP": "a vessel"})


@of_llm("Examples in the prompt")
def _() -> bool:
    span = {"text": "Bo", "is_entity": True, "label": "PER", "reason": "a name"}
    return asks("Bo sang.", examples=[{"text": "Bo sang.", "spans": [span]}])


@of_llm("Labels for a single call")
def _() -> bool:
    return takes_a_setting(llm()[0], "llm", labels=["PER"])


@of_llm("Labels added to a live pipeline")
def _() -> bool:
    nlp, prompts = llm()
    nlp.get_pipe("llm").add_label("SHIP")
    nlp(TEXT)
    return "SHIP" in prompts[0][0]


@of_llm("A score for each entity")
@of_llm("Overlapping and nested entities")
def _() -> bool:
    return keeps_more_than_ents(llm()[0](TEXT))


@of_llm("A threshold for scores")
def _() -> bool:
    return "threshold" in llm_settings()


@of_llm("Keeps entities that a doc already has")
def _() -> bool:
    return keeps_an_entity(llm()[0])


@of_llm("Mentions that are not whole tokens: strict, contract or expand")
def _() -> bool:
    return "alignment_mode" in llm_settings()


@of_llm("Documents of any length")
def _() -> bool:
    nlp, prompts = llm(context_length=400)
    nlp(f"{TEXT} " * 60)
    return len(prompts[0]) > 1


@of_llm("A failing document does not affect its batch")
def _() -> bool:
    return fails_alone(llm()[0].get_pipe("llm"))


@of_llm("Keeps what was asked, written and dropped")
def _() -> bool:
    return ANSWER in llm(save_io=True)[0](TEXT).user_data["llm_io"]["llm"]["response"]


@of_llm("Scored by `spacy evaluate`")
def _() -> bool:
    nlp, _ = llm()
    return nlp.evaluate([example(nlp)]).get("ents_f") is not None


@of_llm("Uses hosted models through an API")
def _() -> bool:
    return callable(registry.llm_models.get("spacy.GPT-4.v3"))


@of_llm("A saved pipeline holds everything it needs")
def _() -> bool:
    with tempfile.TemporaryDirectory() as folder:
        llm()[0].to_disk(folder)
        return (Path(folder) / "llm" / "model").exists()


@of_llm("Runs without torch")
def _() -> bool:
    return not needs("spacy-llm", "torch")
