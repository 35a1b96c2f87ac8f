"""A bare `add_pipe("padellm_ner")`: the embedded base with the shipped adapter."""

from dataclasses import replace

import pytest
import spacy
from spacy.training import Example

from spacy_padellm.adapters.files import read_adapter, write_adapter
from spacy_padellm.adapters.shipped import DEFAULT, SHIPPED, adapter_folder
from spacy_padellm.bases.embedded import GEMMA_3, SMOLLM2
from spacy_padellm.bases.weights import DEFAULT_BASE
from spacy_padellm.labels import KNOWN_NAMES
from spacy_padellm.model.shim import causal_lm_shim

TEXTS = [
    "Angela Merkel flew from Berlin to Paris.",
    "The United Nations met in New York on Monday.",
    "",
    "Nothing of note happened, and nobody came.",
    "On Sunday Maria Jensen left the Copenhagen office of Novo Nordisk.",
    "Paris",
]


@pytest.fixture(scope="module")
def nlp(smollm):
    nlp = spacy.blank("en")
    nlp.add_pipe("padellm_ner", config={"model": {"device": "cpu"}})
    return nlp


def found(doc) -> list[tuple[str, str]]:
    return [(ent.text, ent.label_) for ent in doc.ents]


def test_it_finds_people_and_places_that_are_plain_to_see(nlp):
    doc = nlp(TEXTS[0])
    assert found(doc) == [("Angela Merkel", "PER"), ("Berlin", "LOC"), ("Paris", "LOC")]
    assert all(0 < ent._.score <= 1 for ent in doc.ents)
    assert nlp(TEXTS[3]).ents == ()


def test_the_fast_one_finds_them_with_two_thirds_of_the_layers(smollm):
    nlp = spacy.blank("en")
    model = {"device": "cpu", "adapter": "english-fast"}
    ner = nlp.add_pipe("padellm_ner", config={"model": model})
    people = [found(doc) for doc in nlp.pipe([TEXTS[0], TEXTS[3], TEXTS[4]])]
    assert people == [
        [("Angela Merkel", "PER"), ("Berlin", "LOC"), ("Paris", "LOC")],
        [],
        [("Maria Jensen", "PER"), ("Copenhagen", "LOC"), ("Novo Nordisk", "ORG")],
    ]
    assert len(causal_lm_shim(ner.model).lm.base.body.layers) == 20


# the test fixtures of the bases
BASES = {SMOLLM2.name: "smollm", GEMMA_3.name: "gemma"}
POINTER = [
    pytest.param(
        *(base, name),
        marks=() if (base, name) == (DEFAULT_BASE, DEFAULT) else pytest.mark.slow,
    )
    for base, adapters in SHIPPED.items()
    for name, one in adapters.items()
    if one.format == "Pointer"
]


@pytest.mark.parametrize(("base", "name"), POINTER)
def test_the_card_has_the_breadths_that_are_measured(base, name, tmp_path, request):
    request.getfixturevalue(BASES[base])
    adapter = read_adapter(adapter_folder(name, base))
    expected = adapter.card.breadths
    assert expected.keys() == {*adapter.card.labels.values(), *KNOWN_NAMES.values()}
    card = replace(adapter.card, breadths={})
    write_adapter(tmp_path / "adapter", replace(adapter, card=card))
    model = {"base": base, "device": "cpu", "dtype": "float32"}
    model["adapter"] = str(tmp_path / "adapter")
    labels = {"PER": card.labels["PER"], "LAW": KNOWN_NAMES["LAW"]}
    nlp = spacy.blank("en")
    ner = nlp.add_pipe("padellm_ner", config={"model": model, "labels": labels})
    ner.warm_up()
    found = causal_lm_shim(ner.model).engine.decoding.breadths()
    assert found == pytest.approx({one: expected[one] for one in found}, abs=0.02)
    assert found.keys() == set(labels.values())


def test_pipe_finds_what_one_call_a_text_finds(nlp):
    assert [found(doc) for doc in nlp.pipe(TEXTS)] == [
        found(nlp(text)) for text in TEXTS
    ]


def test_a_saved_pipeline_carries_the_adapter_along(nlp, tmp_path, monkeypatch):
    nlp.to_disk(tmp_path)
    size = sum(file.stat().st_size for file in tmp_path.rglob("*"))
    assert size < 22_000_000
    monkeypatch.setattr(
        "spacy_padellm.adapters.shipped.shipped_folder", lambda name: tmp_path / "gone"
    )
    loaded = spacy.load(tmp_path)
    assert loaded.get_pipe("padellm_ner").labels == ("PER", "ORG", "LOC", "MISC")
    assert found(loaded(TEXTS[0])) == found(nlp(TEXTS[0]))


def test_training_from_a_script_goes_on_from_the_shipped_adapter(smollm):
    nlp = spacy.blank("en")
    nlp.add_pipe("padellm_ner", config={"model": {"device": "cpu"}})
    text = "Maria Jensen met Omar Haddad in Oslo."
    gold = [(0, 12, "PER"), (17, 28, "PER"), (32, 36, "LOC")]
    example = Example.from_dict(nlp.make_doc(text), {"entities": gold})
    nlp.initialize(lambda: [example])
    assert nlp.evaluate([example])["ents_f"] == 1.0


def test_to_initialize_another_component_changes_nothing(smollm):
    nlp = spacy.blank("en")
    nlp.add_pipe("padellm_ner", config={"model": {"device": "cpu"}})
    nlp.add_pipe("tagger").add_label("NN")
    doc = nlp.make_doc("Paris")
    nlp.initialize(lambda: [Example.from_dict(doc, {"tags": ["NN"]})])
    assert found(nlp(TEXTS[0])) == [
        ("Angela Merkel", "PER"),
        ("Berlin", "LOC"),
        ("Paris", "LOC"),
    ]


def test_the_chinese_adapter_reads_chinese(smollm):
    nlp = spacy.blank("zh")
    model = {"adapter": "chinese", "device": "cpu"}
    format = {"@misc": "spacy_padellm.PaDeLLM.v1"}
    nlp.add_pipe("padellm_ner", config={"model": model, "format": format})
    doc = nlp("李明在北京大学学习，后来搬到上海。")
    assert found(doc) == [("李明", "PER"), ("北京大学", "ORG"), ("上海", "LOC")]


@pytest.mark.parametrize(
    ("adapter", "lang", "text", "expected"),
    [
        (
            "chinese",
            "zh",
            "华为公司的总部位于深圳，创始人是任正非。",
            [("华为公司", "ORG"), ("深圳", "LOC"), ("任正非", "PER")],
        ),
        (
            "multilingual",
            "pt",
            "Maria Silva trabalha na Petrobras em Lisboa.",
            [("Maria Silva", "PER"), ("Petrobras", "ORG"), ("Lisboa", "LOC")],
        ),
        (
            "multilingual",
            "da",
            "Mette Hansen rejste fra København til Aarhus.",
            [("Mette Hansen", "PER"), ("København", "LOC"), ("Aarhus", "LOC")],
        ),
    ],
)
def test_adapters_of_gemma_read_other_languages(gemma, adapter, lang, text, expected):
    nlp = spacy.blank(lang)
    model = {"base": "gemma-3-270m", "adapter": adapter, "device": "cpu"}
    nlp.add_pipe("padellm_ner", config={"model": model})
    assert found(nlp(text)) == expected


def test_labels_of_one_s_own_may_be_asked_for(nlp):
    twin = spacy.blank("en")
    labels = {"CITY": "location"}
    config = {"labels": labels, "model": {"device": "cpu"}}
    twin.add_pipe("padellm_ner", config=config)
    assert found(twin(TEXTS[0])) == [("Berlin", "CITY"), ("Paris", "CITY")]


@pytest.mark.slow
def test_two_processes_find_the_same(nlp):
    docs = nlp.pipe(TEXTS, n_process=2, batch_size=2)
    assert [found(doc) for doc in docs] == [found(nlp(text)) for text in TEXTS]
