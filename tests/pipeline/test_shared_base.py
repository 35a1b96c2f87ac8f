"""Several components on one base: each with an adapter of its own."""

import copy
import gc
import shutil
import weakref
from collections import Counter

import pytest
import spacy
import torch
from safetensors.torch import load_file, save_file
from spacy.scorer import get_ner_prf
from spacy.tokens import Doc
from spacy.training import Example

from spacy_padellm.pipeline.gold import gold_trees

from .conftest import GOLD, examples, found, learn

FRUIT = ("I like apples and pears.", [(7, 13, "FRUIT"), (18, 23, "FRUIT")])


def shim(nlp, name: str = "padellm_ner"):
    return nlp.get_pipe(name)._adapters.own


@pytest.fixture(scope="module")
def fruit(make_nlp):
    nlp = make_nlp(windows={"max_tokens": 9})
    learn(nlp, examples(nlp, [FRUIT]))
    return nlp


def test_two_pipelines_on_one_base_load_it_once(trained, fruit):
    assert shim(trained).lm.base is shim(fruit).lm.base


def test_two_pipelines_on_one_base_find_what_each_has_learned(trained, fruit):
    for _ in range(2):
        assert [found(trained(text)) for text, _ in GOLD] == [ents for _, ents in GOLD]
        assert found(fruit(FRUIT[0])) == FRUIT[1]


def test_two_components_of_one_pipeline_add_to_each_other(trained, fruit, tmp_path):
    nlp = copy.deepcopy(trained)
    nlp.add_pipe("padellm_ner", name="fruit", source=fruit)
    text = f"{GOLD[3][0]} {FRUIT[0]}"
    moved = [(start + 38, end + 38, label) for start, end, label in FRUIT[1]]
    assert found(nlp(text)) == [*GOLD[3][1], *moved]
    nlp.to_disk(tmp_path)
    loaded = spacy.load(tmp_path)
    doc = loaded(text)
    assert found(doc) == [*GOLD[3][1], *moved]
    assert list(doc.spans["padellm_ner"]) == list(doc.ents)
    assert shim(loaded).lm.base is shim(loaded, "fruit").lm.base
    with loaded.select_pipes(disable=["padellm_ner"]):
        assert found(loaded(text)) == moved
    with loaded.select_pipes(enable=["padellm_ner"]):
        assert found(loaded(text)) == GOLD[3][1]


def test_a_component_from_another_pipeline_knows_where_it_is(fruit):
    """Its old pipeline has a ruler for the same group of spans, and the new one not."""
    source = spacy.blank("en")
    source.add_pipe("padellm_ner", source=copy.deepcopy(fruit), name="first")
    source.get_pipe("first").join(source)
    source.add_pipe("span_ruler", config={"spans_key": "ruler"})
    nlp = spacy.blank("en")
    nlp.add_pipe("first", source=source, name="second")
    assert nlp.get_pipe("second").name == "second"
    with pytest.raises(ValueError, match="E812.* second has no adapter 'gone'"):
        nlp.get_pipe("second").active_adapter = "gone"
    call = {"second": {"spans_key": "ruler"}}
    assert nlp(FRUIT[0], component_cfg=call).spans.keys() == {"ruler"}


def test_learning_in_one_component_leaves_the_other_as_it_is(trained, make_nlp):
    before = trained.get_pipe("padellm_ner").to_bytes()
    nlp = make_nlp()
    learn(nlp, examples(nlp, [FRUIT]), updates=3)
    assert shim(nlp).lm.base is shim(trained).lm.base
    assert trained.get_pipe("padellm_ner").to_bytes() == before


def loss(nlp) -> float:
    """The mean loss of GOLD, in nats a target."""
    ner = nlp.get_pipe("padellm_ner")
    settings = {
        "format": ner.format,
        "windows": ner.windows,
        "tokenizer": ner._adapters.own.tokenizer,
        "problems": Counter(),
    }
    labels = {"PERSON": "person", "LOC": "location"}
    docs = [example.reference for example in examples(nlp)]
    trees = [tree for doc in docs for tree in gold_trees(doc, labels, **settings)]
    return ner.model.predict(trees)


def test_a_component_without_an_adapter_computes_as_if_it_were_alone(trained, make_nlp):
    plain = make_nlp()
    alone = loss(plain)
    assert shim(plain).lm.name is None
    assert loss(trained) < 0.1 < alone
    assert loss(plain) == alone
    fresh = make_nlp()
    fresh.initialize(lambda: examples(fresh))
    assert loss(fresh) == pytest.approx(alone), "nothing is learned yet"
    assert loss(plain) == alone


def test_a_component_may_vanish_while_others_walk_over_the_base(trained, make_nlp):
    nlp = make_nlp()
    nlp.initialize(lambda: examples(trained))
    modules = shim(trained).lm.base.model.named_modules()
    next(name for name, _ in modules if ".lora_A." in name)
    del nlp
    gc.collect()
    assert list(modules)


def test_adapters_of_vanished_components_do_not_pile_up(trained, make_nlp):
    gold = examples(trained)
    numbers = []
    for _ in range(4):
        nlp = make_nlp()
        nlp.initialize(lambda: gold)
        del nlp
        gc.collect()
        numbers.append(len(shim(trained).lm.base._peft.peft_config))
    assert numbers[-1] <= numbers[0]


def test_a_sourced_component_keeps_what_it_has_learned(trained):
    nlp = spacy.blank("en")
    nlp.add_pipe("padellm_ner", source=copy.deepcopy(trained))
    assert [found(nlp(text)) for text, _ in GOLD] == [ents for _, ents in GOLD]


def test_a_linker_s_and_a_ruler_s_entities_stay(trained):
    nlp = copy.deepcopy(trained)
    ruler = nlp.add_pipe("entity_ruler", before="padellm_ner")
    ruler.add_patterns([{"label": "CITY", "pattern": "Oslo", "id": "oslo"}])
    doc = nlp(GOLD[3][0])
    assert [(ent.text, ent.label_, ent.id_) for ent in doc.ents] == [
        ("Maria Rossi", "PERSON", ""),
        ("Oslo", "CITY", "oslo"),
        ("Oslo", "CITY", "oslo"),
    ]


def test_scores_are_those_of_spacy_s_own_scorer(trained):
    nlp = trained
    right = examples(nlp)
    [person] = [
        Example.from_dict(Doc(nlp.vocab, words=["Ann"]), {"entities": ["U-PERSON"]})
    ]
    scores = nlp.evaluate([*right, person])
    read = [
        Example(nlp(example.text), example.reference) for example in [*right, person]
    ]
    expected = get_ner_prf(read)
    assert {key: scores[key] for key in expected} == expected
    assert 0.8 < scores["ents_f"] < 1
    assert "speed" in scores


def test_labels_that_a_doc_was_not_annotated_for_lower_no_score(trained):
    nlp = trained
    gold = examples(nlp)
    for example in gold:
        kept = [ent for ent in example.reference.ents if ent.label_ == "PERSON"]
        example.reference.ents = kept
        example.reference.user_data["padellm_labels"] = ["PERSON"]
    scores = nlp.evaluate(gold)
    assert (scores["ents_p"], scores["ents_r"]) == (1, 1)
    assert list(scores["ents_per_type"]) == ["PERSON"]


def test_a_pipeline_that_is_gone_leaves_no_weights(trained, tiny_base, tmp_path):
    """Not even until Python looks for cycles, which can take long."""
    folder = tmp_path / "base"
    shutil.copytree(tiny_base, folder)
    trained.to_disk(tmp_path / "pipeline")
    gc.disable()
    try:
        base = {"components.padellm_ner.model.base": str(folder)}
        nlp = spacy.load(tmp_path / "pipeline", config=base)
        nlp(GOLD[0][0])
        left = weakref.ref(shim(nlp).lm.base.body.norm.weight)
        del nlp
        assert left() is None
    finally:
        gc.enable()


def test_a_base_that_was_saved_again_is_read_again(make_nlp, tiny_base, tmp_path):
    folder = tmp_path / "base"
    shutil.copytree(tiny_base, folder)
    first = make_nlp(model={"base": str(folder), "adapter": None}, labels=["LOC"])
    second = make_nlp(model={"base": str(folder), "adapter": None}, labels=["LOC"])
    (folder / "notes.log").write_text("nothing that is read")
    (folder / "tokenizer.lock").symlink_to("gone")  # as if it had just been removed
    assert shim(first).lm.base is shim(second).lm.base
    weights = load_file(folder / "model.safetensors")
    doubled = {name: 2 * tensor for name, tensor in weights.items()}
    save_file(doubled, folder / "model.safetensors", {"format": "pt"})
    third = make_nlp(model={"base": str(folder), "adapter": None}, labels=["LOC"])
    norms = [shim(nlp).lm.base.body.norm.weight for nlp in (first, third)]
    assert torch.equal(2 * norms[0], norms[1])
