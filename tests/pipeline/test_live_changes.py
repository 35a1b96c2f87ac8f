"""Whatever is changed on a live pipeline, and in whatever order: a saved pipeline comes
back as it was, and so does one that another pipeline takes over."""

import copy
import pickle
from dataclasses import fields

import pytest
import spacy
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test

from .conftest import GOLD, examples, learn

POINTER = {"@misc": "spacy_padellm.Pointer.v1", "prefer_narrow": 0.0}
TEXTS = [text for text, _ in GOLD]
THINGS = [(text, [(a, b, "THING") for a, b, _ in spans]) for text, spans in GOLD]
LABELS = st.sampled_from(["PERSON", "LOC", "THING", "CITY"])
NAMES = st.sampled_from(["person", "location", "thing", "town"])
SHARES = st.sampled_from([0.0, 0.2, 0.9])
NAMED = st.sampled_from(["one", "two"])
OUTPUT = {
    "spans_key": st.sampled_from(["padellm_ner", "other", None]),
    "allow_overlap": st.booleans(),
    "threshold": SHARES,
    "deduplicate": st.booleans(),
    "overwrite_ents": st.booleans(),
    "alignment_mode": st.sampled_from(["strict", "contract", "expand"]),
    "all_occurrences": st.booleans(),
    "save_trace": st.booleans(),
}


@pytest.fixture(scope="module")
def folders(make_nlp, tmp_path_factory):
    """The folders of two adapters: "gold" has learned GOLD, and "things" THINGS."""
    folder = tmp_path_factory.mktemp("adapters")
    for name, gold in (("gold", GOLD), ("things", THINGS)):
        nlp = make_nlp(format=POINTER, windows={"max_tokens": 9})
        learn(nlp, examples(nlp, gold))
        nlp.get_pipe("padellm_ner").to_disk(folder / name)
    return {name: str(folder / name / "adapter") for name in ("gold", "things")}


def observed(nlp, name):
    """All that a user sees of a component, and the scores of what it finds."""
    ner = nlp.get_pipe(name)
    seen = {one.name: getattr(ner, one.name) for one in fields(ner.output)}
    seen |= {"format": ner.format, "active": ner.active_adapter, "own": ner.labels}
    scores = []
    for adapter in (None, *ner.adapters):
        ner.active_adapter = adapter
        seen[adapter] = [*ner.label_data.items(), ner.windows]
        for doc in nlp.pipe(TEXTS):
            for key, spans in {"ents": doc.ents, **doc.spans}.items():
                seen[adapter] += [
                    (key, one.start, one.end, one.label_) for one in spans
                ]
                scores += [one._.score for one in spans]
    ner.active_adapter = seen["active"]
    return seen, scores


def check_same(nlp, name, before):
    seen, scores = observed(nlp, name)
    assert seen == before[0]
    assert scores == pytest.approx(before[1], abs=1e-3)


def of_config(nlp, place):
    value = nlp.config
    for key in place.split("."):
        value = value[key]
    return value


def of_component(ner, setting):
    return ner.threshold if setting == "threshold" else ner.format.threshold


@pytest.fixture
def machine(make_nlp, folders, tmp_path):
    class LiveChanges(RuleBasedStateMachine):
        def __init__(self):
            super().__init__()
            self.name = "padellm_ner"
            self.nlp = make_nlp(
                format=POINTER,
                windows={"max_tokens": 9},
                model={"adapter": folders["gold"]},
                adapters={"one": folders["things"]},
            )

        @property
        def ner(self):
            return self.nlp.get_pipe(self.name)

        @rule(labels=st.none() | st.lists(LABELS, min_size=1, unique=True))
        def set_labels(self, labels):
            self.ner.labels = labels

        @rule(labels=st.dictionaries(LABELS, NAMES, min_size=1))
        def set_names(self, labels):
            try:
                self.ner.labels = labels
            except ValueError as error:
                assert "E505" in str(error)

        @rule(label=LABELS, name=st.none() | NAMES)
        def add_label(self, label, name):
            try:
                self.ner.add_label(label, name)
            except ValueError as error:
                assert "E505" in str(error)

        @rule(adapter=NAMED, folder=st.sampled_from(["gold", "things"]))
        def add_adapter(self, adapter, folder):
            self.ner.add_adapter(adapter, folders[folder])

        @rule(adapter=NAMED)
        def remove_adapter(self, adapter):
            if adapter in self.ner.adapters:
                self.ner.remove_adapter(adapter)

        @rule(adapter=st.none() | NAMED)
        def activate(self, adapter):
            if adapter in (None, *self.ner.adapters):
                self.ner.active_adapter = adapter

        @rule(data=st.data(), setting=st.sampled_from(sorted(OUTPUT)))
        def set_output(self, data, setting):
            try:
                setattr(self.ner, setting, data.draw(OUTPUT[setting]))
            except ValueError as error:
                assert "E815" in str(error)

        @rule(threshold=SHARES)
        def set_threshold(self, threshold):
            self.ner.cfg["format"]["threshold"] = threshold

        @rule(label=LABELS, threshold=SHARES)
        def set_threshold_of_label(self, label, threshold):
            self.ner.cfg["format"]["thresholds"][label] = threshold

        @rule(gold=st.sampled_from([GOLD, THINGS, []]))
        def initialize(self, gold):
            if self.ner.active_adapter is None:
                some = examples(self.nlp, gold or [("Nothing.", [])])
                self.nlp.initialize(lambda: some)

        @rule(gold=st.sampled_from([GOLD, THINGS]))
        def update(self, gold):
            if self.ner.active_adapter is None and self.ner.labels:
                some = examples(self.nlp, gold)
                self.nlp.update(some, sgd=self.nlp.resume_training())

        @rule(name=st.sampled_from(["padellm_ner", "names"]))
        def rename(self, name):
            if name != self.name:
                self.nlp.rename_pipe(self.name, name)
                self.name = name

        @rule(way=st.sampled_from(["disk", "bytes", "pickle", "copy", "pipe"]))
        def save(self, way):
            before = observed(self.nlp, self.name)
            self.nlp = again(self.nlp, way)
            check_same(self.nlp, self.name, before)

        @rule(setting=st.sampled_from(["threshold", "format.threshold"]), value=SHARES)
        def load_with(self, setting, value):
            """A value that the config does not have counts more than the saved one."""
            self.nlp.to_disk(tmp_path / "nlp")
            place = f"components.{self.name}.{setting}"
            before = of_config(self.nlp, place), of_component(self.ner, setting)
            self.nlp = spacy.load(tmp_path / "nlp", config={place: value})
            expected = before[1] if value == before[0] else value
            assert of_component(self.ner, setting) == expected

        @rule(name=st.sampled_from(["padellm_ner", "names"]))
        def take_over(self, name):
            before = observed(self.nlp, self.name)
            other = spacy.blank("en")
            other.add_pipe(self.name, name=name, source=self.nlp)
            self.nlp, self.name = other, name
            check_same(self.nlp, self.name, before)

        def teardown(self):
            self.save("disk")

    def again(nlp, way):
        if way == "disk":
            nlp.to_disk(tmp_path / "nlp")
            return spacy.load(tmp_path / "nlp")
        if way == "bytes":
            return spacy.blank("en", config=nlp.config).from_bytes(nlp.to_bytes())
        if way == "pipe":
            name = nlp.pipe_names[0]
            twin = spacy.blank("en", config=nlp.config)
            twin.get_pipe(name).from_bytes(nlp.get_pipe(name).to_bytes())
            return twin
        if way == "pickle":
            return pickle.loads(pickle.dumps(nlp))
        return copy.deepcopy(nlp)

    return LiveChanges


def test_nothing_is_lost(machine):
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=15,
            stateful_step_count=12,
            deadline=None,
            phases=[Phase.explicit, Phase.generate],  # shrinking takes minutes
            report_multiple_bugs=False,
            suppress_health_check=list(HealthCheck),
        ),
    )
