"""Which labels are asked for, and where they come from."""

import pytest
import spacy
import srsly
from spacy.tokens import Span
from spacy.training import Example
from spacy.util import load_config, load_model_from_config

from spacy_padellm.errors import Errors
from spacy_padellm.pipeline.gold import annotated_labels
from spacy_padellm.pipeline.padellm_ner import PaDeLLMNER

from .conftest import examples


def ner_of(nlp) -> PaDeLLMNER:
    return nlp.get_pipe("padellm_ner")


def tagged(nlp, entities, annotated=None) -> Example:
    doc = nlp.make_doc("I like London and Berlin.")
    example = Example.from_dict(doc, {"entities": entities})
    if annotated is not None:
        example.reference.user_data["padellm_labels"] = annotated
    return example


def test_a_list_of_labels_gets_names_that_say_something(make_nlp):
    ner = ner_of(make_nlp(labels=["PER", "ORG", "DISH"]))
    assert ner.labels == ("PER", "ORG", "DISH")
    assert ner.label_data == {"PER": "person", "ORG": "organization", "DISH": "DISH"}


def test_a_table_of_labels_is_taken_as_it_is(make_nlp):
    names = {"PER": "human being", "DISH": "food or meal"}
    assert ner_of(make_nlp(labels=names)).label_data == names


@pytest.mark.parametrize(
    "labels",
    [
        ["PER", "a.b", "a:b", "50%", "Ünï", "作品"],
        {"PER": "true", "a.b": "5", "50%": "null", "作品": "work of art"},
    ],
)
def test_labels_come_through_a_config_file(make_nlp, labels, tmp_path):
    nlp = make_nlp(labels=labels)
    nlp.config.to_disk(tmp_path / "config.cfg")
    again = load_model_from_config(load_config(tmp_path / "config.cfg"))
    assert ner_of(again).label_data == ner_of(nlp).label_data
    assert again.config == nlp.config


def test_label_data_is_a_copy(make_nlp):
    ner = ner_of(make_nlp(labels=["PER"]))
    ner.label_data["ORG"] = "organization"
    assert ner.labels == ("PER",)


def test_add_label_says_whether_the_label_is_new(make_nlp):
    ner = ner_of(make_nlp(labels=["PER"]))
    assert [ner.add_label("DISH"), ner.add_label("DISH"), ner.add_label("PER")] == [
        1,
        0,
        0,
    ]
    assert ner.labels == ("PER", "DISH")
    assert "DISH" in ner.vocab.strings


def test_add_label_takes_a_name_for_the_model(make_nlp):
    ner = ner_of(make_nlp())
    ner.add_label("DISH", "food or meal")
    assert ner.label_data == {"DISH": "food or meal"}


def test_a_second_label_with_the_same_name_is_read_as_it_is_written(make_nlp):
    ner = ner_of(make_nlp(labels=["PER"]))
    ner.add_label("PERSON")
    assert ner.label_data == {"PER": "person", "PERSON": "PERSON"}


@pytest.mark.parametrize("label", ["", " ", "a\nb", " PER", "PER ", "\ud800", None, 3])
def test_add_label_refuses_what_is_no_line_of_text(make_nlp, label):
    ner = ner_of(make_nlp(labels=["PER"]))
    with pytest.raises(ValueError, match="E504"):
        ner.add_label(label)
    assert ner.labels == ("PER",)


def test_add_label_refuses_a_name_that_is_no_text(make_nlp):
    ner = ner_of(make_nlp(labels=["PER"]))
    with pytest.raises(ValueError, match="E504.*ud800"):
        ner.add_label("DISH", "food\ud800")
    assert ner.labels == ("PER",)


def test_labels_may_be_set_at_any_time(make_nlp):
    ner = ner_of(make_nlp(labels=["PER"]))
    ner.labels = {"DISH": "food"}
    assert ner.label_data == {"DISH": "food"}
    assert "DISH" in ner.vocab.strings
    ner.labels = ["ORG", "LOC"]
    assert ner.label_data == {"ORG": "organization", "LOC": "location"}
    with pytest.raises(ValueError, match="E505"):
        ner.labels = ["LOC", "LOC"]
    with pytest.raises(ValueError, match="E504.*ud83d"):
        ner.labels = {"LOC": {"description": "a \ud83d"}}
    assert ner.labels == ("ORG", "LOC")


@pytest.fixture
def ner_with_adapter(make_nlp, adapter_folder):
    return ner_of(make_nlp(model={"adapter": str(adapter_folder)}))


def test_an_added_label_joins_those_of_the_adapter(ner_with_adapter):
    ner = ner_with_adapter
    assert ner.labels == ("PERSON", "LOC")
    assert [ner.add_label("DISH"), ner.add_label("LOC")] == [1, 0]
    assert ner.labels == ("PERSON", "LOC", "DISH")
    assert "DISH" in ner.vocab.strings


def test_labels_that_are_set_replace_those_of_the_adapter(ner_with_adapter):
    ner_with_adapter.add_label("DISH")
    ner_with_adapter.labels = ["DRINK"]
    assert ner_with_adapter.labels == ("DRINK",)
    ner_with_adapter.labels = None
    assert ner_with_adapter.labels == ("PERSON", "LOC")


def test_a_new_adapter_learns_added_labels_and_not_those_of_the_former(
    make_nlp, adapter_folder
):
    nlp = make_nlp(model={"adapter": str(adapter_folder)})
    for label in ("DISH", "LOC"):
        ner_of(nlp).add_label(label)
    doc = nlp.make_doc("nothing is here")
    nlp.initialize(lambda: [Example.from_dict(doc, {"entities": []})])
    assert ner_of(nlp).labels == ("DISH", "LOC")


def test_initializing_another_component_leaves_labels_as_they_are(
    make_nlp, adapter_folder
):
    nlp = make_nlp(model={"adapter": str(adapter_folder)})
    ner_of(nlp).add_label("DISH")
    nlp.initialize()
    assert ner_of(nlp).labels == ("PERSON", "LOC", "DISH")


@pytest.mark.parametrize("text", ["", "Ann left", "Ann"])
def test_a_doc_without_tokens_teaches_nothing(make_nlp, adapter_folder, text):
    """Although it has every annotation, as spaCy sees it."""
    nlp = make_nlp(model={"adapter": str(adapter_folder)})
    before = ner_of(nlp)._adapters.own.lm
    docs = [nlp.make_doc(text), nlp.make_doc("")]
    assert docs[1].has_annotation("ENT_IOB")
    nlp.initialize(lambda: [Example(doc, doc) for doc in docs])
    assert ner_of(nlp)._adapters.own.lm is before


def test_a_saved_pipeline_keeps_added_labels_and_takes_more(
    make_nlp, adapter_folder, tmp_path
):
    nlp = make_nlp(model={"adapter": str(adapter_folder)})
    ner_of(nlp).add_label("DISH")
    nlp.to_disk(tmp_path / "pipeline")
    ner = ner_of(spacy.load(tmp_path / "pipeline"))
    ner.add_label("DRINK")
    assert ner.labels == ("PERSON", "LOC", "DISH", "DRINK")


def test_labels_of_the_config_go_before_those_of_the_adapter(make_nlp, adapter_folder):
    nlp = make_nlp(labels=["DISH"], model={"adapter": str(adapter_folder)})
    assert ner_of(nlp).labels == ("DISH",)


def test_labels_come_from_gold_data(make_nlp):
    nlp = make_nlp()
    gold = examples(nlp)
    nlp.initialize(lambda: gold)
    assert ner_of(nlp).label_data == {"PERSON": "person", "LOC": "location"}


def test_labels_of_gold_data_join_those_that_were_added(make_nlp):
    nlp = make_nlp()
    ner_of(nlp).add_label("DISH")
    gold = examples(nlp)
    nlp.initialize(lambda: gold)
    assert ner_of(nlp).labels == ("DISH", "PERSON", "LOC")


def gold_with(nlp, *labels):
    doc = nlp.make_doc("London Berlin Paris")
    spans = [Span(doc, i, i + 1, label) for i, label in enumerate(labels)]
    reference = nlp.make_doc(doc.text)
    reference.set_ents([Span(reference, s.start, s.end, s.label) for s in spans])
    return [Example(doc, reference)]


@pytest.mark.parametrize("way", ["loaded", "bytes", "sourced", "again"])
def test_labels_of_earlier_gold_data_are_not_learned_again(make_nlp, tmp_path, way):
    """New gold data would teach that they are absent."""
    nlp = make_nlp()
    ner_of(nlp).add_label("DISH", "food")
    nlp.initialize(lambda: gold_with(nlp, "A", "B"))
    assert ner_of(nlp).labels == ("DISH", "A", "B")
    if way == "loaded":
        nlp.to_disk(tmp_path / "pipeline")
        nlp = spacy.load(tmp_path / "pipeline")
    elif way == "bytes":
        nlp = make_nlp().from_bytes(nlp.to_bytes())
    elif way == "sourced":
        other = spacy.blank("en")
        other.add_pipe("padellm_ner", source=nlp)
        nlp = other
    assert ner_of(nlp).labels == ("DISH", "A", "B")
    nlp.initialize(lambda: gold_with(nlp, "B", "C"))
    assert ner_of(nlp).label_data == {"DISH": "food", "B": "B", "C": "C"}


def test_a_loaded_component_learns_none_of_its_adapters_labels(
    make_nlp, adapter_folder, tmp_path
):
    make_nlp(model={"adapter": str(adapter_folder)}).to_disk(tmp_path / "pipeline")
    nlp = spacy.load(tmp_path / "pipeline")
    assert ner_of(nlp).labels == ("PERSON", "LOC")
    nlp.initialize(lambda: gold_with(nlp, "DISH"))
    assert ner_of(nlp).labels == ("DISH",)


def test_labels_that_were_set_are_learned_after_loading_too(make_nlp, tmp_path):
    nlp = make_nlp()
    ner_of(nlp).labels = {"DISH": "food"}
    nlp.to_disk(tmp_path / "pipeline")
    nlp = spacy.load(tmp_path / "pipeline")
    nlp.initialize(lambda: gold_with(nlp, "A"))
    assert ner_of(nlp).label_data == {"DISH": "food", "A": "A"}


def test_an_adapter_lends_the_names_that_it_was_trained_with(make_nlp, tmp_path):
    nlp = make_nlp()
    ner_of(nlp).labels = {"PART": "bicycle part"}
    nlp.initialize(lambda: gold_with(nlp, "PART"))
    ner_of(nlp).to_disk(tmp_path / "ner")
    nlp = make_nlp(model={"adapter": str(tmp_path / "ner" / "adapter")})
    nlp.initialize(lambda: gold_with(nlp, "TOOL", "PART"))
    assert ner_of(nlp).label_data == {"TOOL": "TOOL", "PART": "bicycle part"}


def test_a_list_of_labels_has_the_names_that_the_adapter_was_trained_with(
    make_nlp, tmp_path
):
    nlp = make_nlp()
    ner = ner_of(nlp)
    ner.labels = {"PART": "bicycle part", "PERSON": "who is meant"}
    nlp.initialize(lambda: gold_with(nlp, "PART", "PERSON"))
    ner.to_disk(tmp_path / "ner")
    model = {"adapter": str(tmp_path / "ner" / "adapter")}
    ner = ner_of(make_nlp(model=model, labels=["TOOL", "PERSON"]))
    assert ner.label_data == {"TOOL": "TOOL", "PERSON": "who is meant"}
    ner.add_label("PART")
    assert ner.label_data["PART"] == "bicycle part"
    ner.labels = [*ner.labels, "LOC"]
    names = ["TOOL", "who is meant", "bicycle part", "location"]
    assert list(ner.label_data.values()) == names
    call = ner._call({"labels": ["PART", "ORG"]})
    assert call.labels == {"PART": "bicycle part", "ORG": "organization"}
    ner.labels = {"X": "bicycle part"}
    ner.add_label("PART")
    assert ner.label_data == {"X": "bicycle part", "PART": "PART"}


@pytest.mark.parametrize("way", ["loaded", "bytes"])
def test_names_of_a_list_are_saved(make_nlp, adapter_folder, tmp_path, way):
    nlp = make_nlp(model={"adapter": str(adapter_folder)}, labels=["LOC", "DISH"])
    before = ner_of(nlp).label_data
    if way == "loaded":
        nlp.to_disk(tmp_path)
        again = spacy.load(tmp_path)
    else:
        again = make_nlp(labels=["LOC", "DISH"]).from_bytes(nlp.to_bytes())
    assert ner_of(again).label_data == before
    assert list(before) == ["LOC", "DISH"]


@pytest.mark.parametrize(
    ("found", "names"),
    [
        ({"PERSON": None, "PER": None}, {"PERSON": "PERSON", "PER": "person"}),
        ({"PER": None, "PERSON": None}, {"PER": "person", "PERSON": "PERSON"}),
        ({"HUMAN": "person", "PER": None}, {"HUMAN": "person", "PER": "PER"}),
        ({"PER": None, "HUMAN": "person"}, {"PER": "PER", "HUMAN": "person"}),
        ({"PER": None, "person": None}, {"PER": "PER", "person": "person"}),
        ({"GPE": None, "DISH": "food"}, {"GPE": "town", "DISH": "food"}),
    ],
)
def test_names_of_labels_to_learn(make_nlp, found, names):
    """Those of the data, then those that the adapter knows, then the usual ones."""
    adapters = ner_of(make_nlp())._adapters
    known = {"PER": "person", "GPE": "town"}
    adapters.choice(None).restore({"labels": known, "learned_labels": known}, {})
    adapters.choice(None).learn(found)
    assert adapters.labels(None) == names


@pytest.mark.parametrize("labels", [("PER", "person"), ("person", "PER")])
def test_labels_of_gold_data_never_share_a_name(make_nlp, labels):
    nlp = make_nlp()
    nlp.initialize(lambda: gold_with(nlp, *labels))
    assert ner_of(nlp).label_data == {label: label for label in labels}


def test_labels_of_gold_data_do_not_join_those_of_the_config(make_nlp):
    nlp = make_nlp(labels=["LOC"])
    gold = examples(nlp)
    nlp.initialize(lambda: gold)
    assert ner_of(nlp).labels == ("LOC",)


@pytest.mark.parametrize(
    ("annotated", "expected"),
    [
        (["LOC", "DISH"], {"LOC": "location", "DISH": "DISH"}),
        ({"LOC": "place", "DISH": "food"}, {"LOC": "place", "DISH": "food"}),
    ],
)
def test_labels_that_docs_were_annotated_for_count_even_without_an_entity(
    make_nlp, annotated, expected
):
    nlp = make_nlp()
    gold = [tagged(nlp, [(7, 13, "LOC")], annotated)]
    nlp.initialize(lambda: gold)
    assert ner_of(nlp).label_data == expected


@pytest.mark.parametrize("labels", [["A", "B"], {"A": "first", "B": "second"}])
def test_labels_given_to_initialize_are_exactly_those_learned(make_nlp, labels):
    nlp = make_nlp()
    gold = examples(nlp)
    nlp.config["initialize"]["components"]["padellm_ner"] = {"labels": labels}
    nlp.initialize(lambda: gold)
    names = labels if isinstance(labels, dict) else {"A": "A", "B": "B"}
    assert ner_of(nlp).label_data == names


def initialize_from(nlp, path, reader="spacy_padellm.Labels.v1") -> None:
    nlp.config["initialize"]["components"]["padellm_ner"] = {
        "labels": {"@readers": reader, "path": path}
    }
    gold = examples(nlp)
    nlp.initialize(lambda: gold)


@pytest.mark.parametrize("reader", ["spacy_padellm.Labels.v1", "spacy.read_labels.v1"])
@pytest.mark.parametrize("labels", [["A", "B"], {"A": "first", "B": "second"}])
def test_initialize_reads_a_labels_file(make_nlp, tmp_path, labels, reader):
    srsly.write_json(tmp_path / "labels.json", labels)
    nlp = make_nlp()
    initialize_from(nlp, str(tmp_path / "labels.json"), reader)
    names = labels if isinstance(labels, dict) else {"A": "A", "B": "B"}
    assert ner_of(nlp).label_data == names


def test_without_a_labels_file_labels_are_those_of_the_gold_data(make_nlp):
    nlp = make_nlp()
    initialize_from(nlp, None)
    assert ner_of(nlp).labels == ("PERSON", "LOC")


@pytest.mark.parametrize("content", [None, b"{", b"3", b'{"A": ""}', b'["A", "A"]'])
def test_a_labels_file_that_is_missing_or_faulty_is_named(make_nlp, tmp_path, content):
    path = tmp_path / "labels.json"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ValueError, match=r"E817.*labels\.json"):
        initialize_from(make_nlp(), str(path))


def test_initialize_refuses_what_is_no_gold_data(make_nlp):
    with pytest.raises(TypeError, match="E978|E930"):
        ner_of(make_nlp()).initialize(lambda: ["text"])


@pytest.mark.parametrize(
    ("labels", "named", "code"),
    [
        ([""], "''", "E504"),
        (["PER", "two\nlines"], r"'two\nlines'", "E504"),
        (["PER", "ORG", "PER"], "'PER'", "E505"),
        ({"PER": ""}, "''", "E504"),
        ({"PER": "person", "HUM": "person"}, "'person'", "E505"),
    ],
)
def test_faulty_labels_are_named_when_the_pipe_is_added(make_nlp, labels, named, code):
    with pytest.raises(ValueError) as caught:
        make_nlp(labels=labels)
    assert str(caught.value) == getattr(Errors, code).format(labels=named)


def test_without_any_labels_it_is_said_once_that_nothing_is_found(make_nlp, caplog):
    nlp = make_nlp()
    assert [len(doc.ents) for doc in nlp.pipe(["Oslo", "Rome", ""], batch_size=1)] == [
        0
    ] * 3
    assert caplog.text.count("W803") == 1


def test_the_shipped_adapter_asks_for_four_labels():
    nlp = spacy.blank("en")
    assert nlp.add_pipe("padellm_ner").labels == ("PER", "ORG", "LOC", "MISC")


@pytest.mark.parametrize(
    "key", ["ORG:CO", "a=b", "#tag", "[a]", "; c", " lead", "trail ", "a\nb", ""]
)
def test_keys_that_a_config_would_lose_are_refused(make_nlp, tmp_path, key):
    with pytest.raises(ValueError, match="E818.*labels has the key|E504"):
        make_nlp(labels={key: "name"})
    with pytest.raises(ValueError, match="E818.*adapters has the key"):
        make_nlp(adapters={key: str(tmp_path)})
    pointer = {"@misc": "spacy_padellm.Pointer.v1", "thresholds": {key: 0.5}}
    with pytest.raises(ValueError, match="E818.*thresholds has the key"):
        make_nlp(format=pointer)


@pytest.mark.parametrize(
    ("labels", "told"),
    [
        ({"PER.artist": {"name": "artist", "description": "painters"}}, "E818.*artist"),
        ({"PER": "${paths.train}"}, "E819.*labels is"),
        ({"PER": {"name": "person", "description": "as in ${labels"}}, "E819"),
        (["${labels.PER}"], r"E819.*labels is \['\$"),
    ],
    ids=str,
)
def test_labels_that_a_config_would_lose_are_refused(make_nlp, labels, told):
    with pytest.raises(ValueError, match=told):
        make_nlp(labels=labels)


def test_dots_and_signs_come_back(make_nlp, tmp_path):
    labels = {"PER.artist": "artist", "A $": "10% of {x}", "1": '"one"'}
    make_nlp(labels=labels).to_disk(tmp_path)
    ner = spacy.load(tmp_path).get_pipe("padellm_ner")
    assert ner.label_data == labels


@pytest.mark.parametrize("key", ["B-PER", "A B", "a;b", "x#y", "地名", "$x", "100%"])
def test_other_keys_are_saved(make_nlp, tmp_path, key):
    nlp = make_nlp(labels={key: "name"})
    nlp.to_disk(tmp_path)
    assert spacy.load(tmp_path).get_pipe("padellm_ner").label_data == {key: "name"}
    assert make_nlp(labels=["ORG:CO"]).get_pipe("padellm_ner").labels == ("ORG:CO",)


@pytest.mark.parametrize(
    "labels", ["PART", 7, {"PART": 7}, ["PART", 7], {"PART": {"title": "part"}}, [""]]
)
def test_labels_of_a_doc_that_are_none_are_told_with_the_doc(make_nlp, labels):
    nlp = make_nlp(labels=["LOC"])
    example = tagged(nlp, [], annotated=labels)
    begin = example.reference.text[:20]
    with pytest.raises(ValueError, match=rf"E648.*padellm_labels.*{begin}"):
        nlp.initialize(lambda: [example])
        nlp.update([example])


def test_labels_of_a_doc_may_have_descriptions(make_nlp):
    table = {"LOC": {"name": "place", "description": "a town"}, "PER": None}
    nlp = make_nlp(labels={"PER": "human"})
    doc = tagged(nlp, [], annotated=table).reference
    asked = annotated_labels(doc, nlp.get_pipe("padellm_ner").label_data)
    assert asked == {"LOC": "place (a town)", "PER": "human"}
