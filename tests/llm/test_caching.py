"""spacy-llm's cache works, and never returns docs of another model or task."""

import json
import shutil
from functools import partial
from pathlib import Path

import pytest
import spacy
from safetensors.torch import load_file, save_file
from spacy.language import Language
from spacy.tokens import Doc
from spacy_llm.tasks.util.sharding import make_shard_mapper

from spacy_padellm.llm.sharding import SentenceShardMapper
from spacy_padellm.llm.task import build_ner_v1

from ..pipeline.conftest import GOLD, examples, found
from .conftest import LABELS
from .scripted import ScriptedModel

TEXTS = [text for text, _ in GOLD]


@pytest.fixture
def cached(make_llm, adapter_folder, tmp_path):
    """A function that builds an `llm` whose cache is always in the same folder."""

    def make(*, model: dict | None = None, path: str | None = "cache", **task):
        cache = {
            "@llm_misc": "spacy.BatchCache.v1",
            "path": path and str(tmp_path / path),
            "batch_size": 2,
            "max_batches_in_mem": 3,
        }
        model = {"adapter": str(adapter_folder), **(model or {})}
        task.setdefault("labels", LABELS)
        return make_llm(model=model, llm={"cache": cache, "save_io": True}, **task)

    return make


def stats(nlp: Language) -> dict[str, int]:
    return nlp.get_pipe("llm")._cache._stats


def forbid_reading(nlp: Language) -> None:
    def never(prompts):
        raise AssertionError("the model was asked")

    nlp.get_pipe("llm")._model = never


def scores(doc: Doc) -> list[float]:
    return [ent._.score for ent in doc.ents]


def changed_copy(folder: Path, to: Path, file: str) -> Path:
    """Copy the folder and change its weights."""
    shutil.copytree(folder, to)
    tensors = load_file(to / file)
    tensors = {name: tensor * 1.01 for name, tensor in tensors.items()}
    save_file(tensors, to / file, metadata={"format": "pt"})
    card = to / "padellm.json"
    if card.exists():  # its checksums are of the weights before
        kept = json.loads(card.read_text())
        card.write_text(json.dumps(kept | {"sha256": {}}))
    return to


def test_docs_come_from_the_cache_as_they_were_read(cached):
    first = cached()
    read = list(first.pipe(TEXTS))
    assert stats(first)["persisted"] == 4
    second = cached()
    forbid_reading(second)
    again = list(second.pipe(TEXTS))
    assert (stats(second)["hit"], stats(second)["missed_contains"]) == (4, 0)
    assert [found(doc) for doc in again] == [ents for _, ents in GOLD]
    assert [scores(doc) for doc in again] == [scores(doc) for doc in read]
    for one, other in zip(read, again, strict=True):
        group, twin = one.spans["padellm_ner"], other.spans["padellm_ner"]
        assert list(twin.attrs["scores"]) == list(group.attrs["scores"])
        for key, said in one.user_data["llm_io"]["llm"].items():
            assert list(other.user_data["llm_io"]["llm"][key]) == said


def test_a_cache_goes_on_with_new_texts(cached):
    list(cached().pipe(TEXTS[:2]))
    second = cached()
    assert [found(doc) for doc in second.pipe(TEXTS)] == [ents for _, ents in GOLD]
    assert (stats(second)["hit"], stats(second)["persisted"]) == (2, 2)


@pytest.mark.parametrize(
    "task",
    [
        {"labels": ["PERSON"]},
        {"labels": ["LOC", "PERSON"]},
        {"label_definitions": {"LOC": "place"}},
        {"threshold": 0.5},
        {"alignment_mode": "strict"},
        {"overwrite_ents": True},
    ],
    ids=lambda task: next(iter(task)),
)
def test_another_task_does_not_get_its_docs(cached, task):
    list(cached().pipe(TEXTS))
    with pytest.raises(ValueError, match="Prompt template in cache directory"):
        cached(**task)


@pytest.mark.parametrize(
    "model",
    [
        {"adapter": None},
        {"dtype": "bfloat16"},
        {"context_length": 100},
        {"format": {"@misc": "spacy_padellm.PaDeLLM.v1", "max_count": 2}},
        {"format": {"@misc": "spacy_padellm.OneStep.v1"}, "adapter": None},
    ],
    ids=lambda model: next(iter(model)),
)
def test_another_model_does_not_get_its_docs(cached, model):
    list(cached().pipe(TEXTS))
    with pytest.raises(ValueError, match="Prompt template in cache directory"):
        cached(model=model)


def test_another_base_does_not_get_its_docs(cached, tiny_base, tmp_path):
    base = tmp_path / "base"
    shutil.copytree(tiny_base, base)
    list(cached(model={"base": str(base), "adapter": None}).pipe(TEXTS))
    cached(model={"base": str(base), "adapter": None})
    shutil.rmtree(base)
    changed_copy(tiny_base, base, "model.safetensors")
    with pytest.raises(ValueError, match="Prompt template in cache directory"):
        cached(model={"base": str(base), "adapter": None})


def test_another_adapter_in_the_same_place_does_not_get_its_docs(
    cached, adapter_folder, tmp_path
):
    adapter = tmp_path / "adapter"
    shutil.copytree(adapter_folder, adapter)
    list(cached(model={"adapter": str(adapter)}).pipe(TEXTS))
    cached(model={"adapter": str(adapter)})
    cached(model={"adapter": str(adapter_folder)})  # the very same weights
    shutil.rmtree(adapter)
    changed_copy(adapter_folder, adapter, "adapter_model.safetensors")
    with pytest.raises(ValueError, match="Prompt template in cache directory"):
        cached(model={"adapter": str(adapter)})


def test_a_component_without_this_model_does_not_get_its_docs(cached, make_llm):
    nlp = cached()
    list(nlp.pipe(TEXTS))
    path = str(nlp.get_pipe("llm")._cache._path)
    config = {"task": {"@llm_tasks": "spacy_padellm.NER.v1", "labels": LABELS}}
    config["model"] = {"@llm_models": "spacy.NoOp.v1"}
    config["cache"] = {"path": path}
    with pytest.raises(ValueError, match="Prompt template in cache directory"):
        spacy.blank("en").add_pipe("llm", config=config)


def test_where_and_how_fast_it_is_read_does_not_matter(cached):
    list(cached(model={"device": "cpu"}).pipe(TEXTS))
    second = cached(model={"batch_tokens": 64})
    forbid_reading(second)
    assert [found(doc) for doc in second.pipe(TEXTS)] == [ents for _, ents in GOLD]


def test_people_can_read_what_docs_are_cached_under(cached):
    nlp = cached()
    path = nlp.get_pipe("llm")._cache._path
    key = json.loads((path / "prompt_template.txt").read_text())
    assert key["task"] == "spacy_padellm.NER.v1"
    assert key["labels"] == {"PERSON": "person", "LOC": "location"}
    assert set(key["model"]) >= {"base", "weights", "adapter", "format"}


# -- labels that come later ------------------------------------------------------------


@pytest.mark.parametrize(
    "change",
    [
        lambda nlp: nlp.get_pipe("llm").add_label("TEAM"),
        lambda nlp: nlp.get_pipe("llm").clear(),
        lambda nlp: nlp.get_pipe("llm").task.initialize(list, nlp, labels=["TEAM"]),
        lambda nlp: nlp.get_pipe("llm").task.from_bytes(
            build_ner_v1(labels="TEAM").to_bytes()
        ),
    ],
    ids=["add_label", "clear", "initialize", "from_bytes"],
)
def test_labels_do_not_change_behind_a_cache(cached, change):
    nlp = cached()
    before = nlp.get_pipe("llm").labels
    with pytest.raises(ValueError, match="E846.*PERSON.*`labels`"):
        change(nlp)
    assert nlp.get_pipe("llm").labels == before
    assert [found(doc) for doc in nlp.pipe(TEXTS)] == [ents for _, ents in GOLD]


def test_without_a_folder_labels_may_change(cached):
    nlp = cached(path=None)
    nlp.get_pipe("llm").add_label("TEAM")
    assert nlp.get_pipe("llm").labels == (*LABELS, "TEAM")


def test_labels_that_stay_the_same_are_no_change(cached):
    nlp = cached()
    list(nlp.pipe(TEXTS))
    nlp.initialize(lambda: examples(nlp))
    nlp.from_bytes(nlp.to_bytes())
    forbid_reading(nlp)
    assert [found(doc) for doc in nlp.pipe(TEXTS)] == [ents for _, ents in GOLD]


def test_without_a_folder_no_file_of_the_model_is_looked_at(make_llm):
    nlp = make_llm(labels="PER", model={"base": "/nowhere/at/all"})
    assert "nowhere" not in nlp.get_pipe("llm").task.prompt_template


def test_a_cache_of_another_kind_is_told_the_model_too(make_llm, tiny_base):
    from spacy_llm.pipeline import LLMWrapper

    class Remembering:
        """A cache without a folder."""

        prompt_template = None

        def initialize(self, vocab, task):
            self.prompt_template = task.prompt_template

    nlp = make_llm(labels="PER")
    model, cache = nlp.get_pipe("llm")._model, Remembering()
    LLMWrapper(
        task=build_ner_v1(labels="PER"),
        model=model,
        cache=cache,
        vocab=nlp.vocab,
        save_io=False,
    )
    assert json.loads(cache.prompt_template)["model"] == model.identity
    assert model.identity["base"] == str(tiny_base)


def test_two_components_with_one_task_each_know_their_own_model(make_llm, tmp_path):
    """It does not matter which one was created last."""
    nlp = make_llm(labels="PER", llm={"cache": {"path": str(tmp_path / "a")}})
    other = {"max_mention_tokens": 5, "@misc": "spacy_padellm.PaDeLLM.v1"}
    make_llm(
        labels="PER",
        model={"format": other},
        llm={"cache": {"path": str(tmp_path / "b")}},
    )
    keys = [
        json.loads((tmp_path / name / "prompt_template.txt").read_text())["model"]
        for name in "ab"
    ]
    assert keys[0]["format"] != keys[1]["format"]
    assert keys[0] == nlp.get_pipe("llm")._model.identity


def test_a_model_is_the_same_after_it_was_used(make_llm, adapter_folder):
    model = {"adapter": str(adapter_folder)}
    used, fresh = make_llm(labels=LABELS, model=model), make_llm(model=model)
    before = used.get_pipe("llm")._model.identity
    used(TEXTS[0])
    assert used.get_pipe("llm")._model.identity == before
    assert fresh.get_pipe("llm")._model.identity == before


def test_a_task_alone_tells_no_model():
    key = json.loads(build_ner_v1(labels="PER").prompt_template)
    assert "model" not in key and key["labels"] == {"PER": "person"}


def holds_itself():
    def inner(doc):
        return inner(doc) if doc else not_there

    return inner
    not_there = None


def test_a_task_tells_what_cuts_docs_and_compares_labels():
    def key(**settings):
        return json.loads(build_ner_v1(labels="PER", **settings).prompt_template)

    plain = key()
    assert "shard_mapper" not in plain
    assert key(shard_mapper=len)["shard_mapper"] == "builtins.len"
    for build in (
        lambda n: partial(len, n),
        lambda n: make_shard_mapper(buffer_frac=n),
        lambda n: SentenceShardMapper(partial(len, n)),
    ):
        keys = [key(shard_mapper=build(n))["shard_mapper"] for n in (1.5, 2.5, 1.5)]
        assert keys[0] == keys[2] != keys[1] and " at 0x" not in str(keys)
    for one, other in ((Path("a"), Path("b")), ({1}, {2}), (b"a", b"b")):
        assert key(shard_mapper=partial(len, one)) != key(
            shard_mapper=partial(len, other)
        )
    assert key(shard_mapper=holds_itself()) == key(shard_mapper=holds_itself())
    assert "normalizer" not in plain
    assert key(normalizer=str.upper)["normalizer"] == "builtins.str.upper"


def test_a_scripted_model_is_told_by_its_kind(make_llm, tmp_path):
    nlp = make_llm(labels="PER", llm={"cache": {"path": str(tmp_path / "a")}})
    component = nlp.get_pipe("llm")
    component._model = ScriptedModel()
    key = json.loads(component.task.prompt_template)
    assert key["model"] == f"{ScriptedModel.__module__}.ScriptedModel"
