"""Labels of other texts are asked for too, and taught to be absent."""

import random

import pytest
import spacy
from spacy.tokens import DocBin
from spacy.training import Corpus, Example

from spacy_padellm.pipeline.gold import annotated_labels
from spacy_padellm.pipeline.negatives import build_negative_labels_v1

KEY = "padellm_labels"


@pytest.fixture
def nlp():
    return spacy.blank("en")


def example(nlp, labels, text="Ann left Oslo", entities=()):
    made = Example.from_dict(nlp.make_doc(text), {"entities": list(entities)})
    if labels is not None:
        made.reference.user_data[KEY] = labels
    return made


def augmented(nlp, examples, number=2):
    """The labels that each example asks for afterwards."""
    augment = build_negative_labels_v1(number=number)
    found = []
    for one in examples:
        [changed] = augment(nlp, one)
        found.append(changed.reference.user_data.get(KEY))
    return found


def test_labels_of_earlier_texts_are_added(nlp):
    texts = [{"A": "a"}, {"B": "b"}, {"C": "c"}]
    found = augmented(nlp, [example(nlp, labels) for labels in texts])
    assert found == [
        {"A": "a"},
        {"B": "b", "A": "a"},
        {"C": "c", "A": "a", "B": "b"},
    ]
    assert list(found[2])[0] == "C", "its own come first"


@pytest.mark.parametrize("number", [1, 3])
def test_no_more_than_the_number_are_added(nlp, number):
    examples = [example(nlp, {f"L{n}": f"name {n}"}) for n in range(30)]
    found = augmented(nlp, examples, number)
    assert [len(labels) for labels in found] == [
        1 + min(number, earlier) for earlier in range(30)
    ]
    assert len({label for labels in found for label in list(labels)[1:]}) > 5


def test_a_label_or_a_name_that_the_text_has_is_not_added(nlp):
    texts = [{"A": "thing", "B": "b"}, {"X": "thing"}, {"A": "another"}]
    found = augmented(nlp, [example(nlp, labels) for labels in texts], number=9)
    assert found[1] == {"X": "thing", "B": "b"}
    assert found[2]["A"] == "another"


def test_two_added_labels_have_two_names(nlp):
    texts = [{"A": "thing"}, {"B": "thing"}, {"C": "c"}]
    found = augmented(nlp, [example(nlp, labels) for labels in texts], number=9)
    assert len(set(found[2].values())) == len(found[2])


def test_a_text_that_names_no_labels_stays_as_it_is(nlp):
    one = example(nlp, None)
    augment = build_negative_labels_v1()
    list(augment(nlp, example(nlp, {"A": "a"})))
    [same] = augment(nlp, one)
    assert same is one and KEY not in same.reference.user_data


def test_a_text_annotated_for_no_label_gets_only_absent_ones(nlp):
    found = augmented(nlp, [example(nlp, {"A": "a"}), example(nlp, {})])
    assert found[1] == {"A": "a"}


def test_the_corpus_itself_is_not_changed(nlp):
    augment = build_negative_labels_v1()
    examples = [
        example(nlp, {label: label.lower()}, entities=[(9, 13, label)])
        for label in ("A", "B")
    ]
    for one in examples:
        before = one.reference.to_bytes()
        [changed] = augment(nlp, one)
        assert one.reference.to_bytes() == before
        assert changed.reference.text == one.reference.text
        entities = [(ent.text, ent.label_) for ent in changed.reference.ents]
        assert entities == [(ent.text, ent.label_) for ent in one.reference.ents] != []
    assert len(changed.reference.user_data[KEY]) == 2


def test_the_seed_decides_which_are_added(nlp):
    examples = [example(nlp, {f"L{n}": f"name {n}"}) for n in range(20)]

    def chosen(seed):
        random.seed(seed)
        return augmented(nlp, examples)

    assert chosen(3) == chosen(3) != chosen(4)


def test_a_list_of_labels_keeps_the_names_of_the_component(nlp):
    names = {"PER": "person", "LOC": "location", "ORG": "organization"}
    augment = build_negative_labels_v1()
    for labels in (["ORG"], ["PER", "LOC"]):
        one = example(nlp, labels)
        [changed] = augment(nlp, one)
        asked = annotated_labels(changed.reference, names)
        assert set(labels) <= set(asked)
        assert asked == {label: names[label] for label in asked}


def test_a_corpus_takes_it_by_its_registered_name(nlp, tmp_path):
    docs = [example(nlp, {label: label.lower()}).reference for label in ("A", "B", "C")]
    DocBin(docs=docs, store_user_data=True).to_disk(tmp_path / "gold.spacy")
    build = spacy.registry.augmenters.get("spacy_padellm.NegativeLabels.v1")
    corpus = Corpus(tmp_path / "gold.spacy", augmenter=build(number=1))
    for _ in range(2):
        found = [one.reference.user_data[KEY] for one in corpus(nlp)]
        assert [list(labels)[0] for labels in found] == ["A", "B", "C"]
    assert [len(labels) for labels in found] == [2, 2, 2], "from the second epoch on"


def test_a_wrong_number_is_refused():
    with pytest.raises(ValueError, match="E502.*number is 0"):
        build_negative_labels_v1(number=0)


def test_lists_and_tables_of_one_corpus_give_a_label_one_name(nlp):
    """A label that a text names without a name has that of the component, or of a text
    that gives one."""
    names = {"GPE": "country, city or state", "PART": "part"}
    texts = [["GPE"], {"PART": "bicycle part"}, {"GPE": "place"}, {"PART": "part"}]
    found = augmented(nlp, [example(nlp, labels) for labels in texts])
    asked = [annotated_labels(example(nlp, one).reference, names) for one in found]
    assert asked[1] == {"PART": "bicycle part", "GPE": names["GPE"]}
    assert asked[3] == {"PART": "part", "GPE": "place"}


@pytest.mark.parametrize(
    ("texts", "names"),
    [
        ([{"PLACE": "location"}, ["LOC"]], {"LOC": "location"}),
        ([["LOC"], {"PLACE": "location"}], {"LOC": "location"}),
        ([{"PER": "person"}, ["person"]], {}),
        ([["person"], ["PER"]], {"PER": "person"}),
        ([["A"], {"B": "thing"}, ["C"]], {"A": "thing", "C": "thing"}),
    ],
    ids=str,
)
def test_two_labels_of_a_text_are_never_asked_by_one_name(nlp, texts, names):
    found = augmented(nlp, [example(nlp, labels) for labels in texts], number=9)
    for labels in found:
        asked = annotated_labels(example(nlp, labels).reference, names)
        assert len(set(asked.values())) == len(asked)
