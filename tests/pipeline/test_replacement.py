"""Entities are replaced by those of other texts, and all else stays in its place."""

import random

import pytest
import spacy
from hypothesis import given
from hypothesis import strategies as st
from spacy.tokens import Doc, DocBin, Span
from spacy.training import Corpus, Example

from spacy_padellm.pipeline.replacement import build_mention_replacement_v1

NLP = spacy.blank("en")
KEY = "padellm_labels"


def example(text, entities=()):
    return Example.from_dict(NLP.make_doc(text), {"entities": list(entities)})


def augmented(examples, **settings):
    """What the augmenter makes of the last of some examples."""
    augment = build_mention_replacement_v1(**settings)
    return [list(augment(NLP, one)) for one in examples][-1]


def read(one):
    doc = one.reference
    return doc.text, *((ent.text, ent.label_) for ent in doc.ents)


def test_an_entity_of_an_earlier_text_takes_the_place_of_another():
    first = example("Ann Lee left.", [(0, 7, "PER")])
    second = example("I met Bob (25) there.", [(6, 9, "PER")])
    same, *copies = augmented([first, second], copies=20, share=1.0)
    assert same is second
    assert {read(copy) for copy in copies} == {
        ("I met Bob (25) there.", ("Bob", "PER")),
        ("I met Ann Lee (25) there.", ("Ann Lee", "PER")),
    }
    for copy in copies:
        assert copy.predicted.text == copy.reference.text
        assert not copy.predicted.ents


def test_only_entities_of_the_same_label_are_exchanged():
    first = example("Ann left Oslo", [(0, 3, "PER"), (9, 13, "LOC")])
    second = example("Bob saw Rome", [(0, 3, "PER"), (8, 12, "LOC")])
    _, *copies = augmented([first, second], copies=30, share=1.0)
    assert {read(copy) for copy in copies} == {
        (f"{person} saw {place}", (person, "PER"), (place, "LOC"))
        for person in ("Ann", "Bob")
        for place in ("Oslo", "Rome")
    }


@pytest.mark.parametrize("share, expected", [(0, 0), (0.5, 24), (1, 49)])
def test_the_share_of_entities_that_are_replaced(share, expected):
    names = [example(f"Name{n} x", [(0, len(f"Name{n}"), "PER")]) for n in range(999)]
    text = " ".join(f"N{n}" for n in range(50))
    ents = [(text.index(f"N{n}"), text.index(f"N{n}") + 2, "PER") for n in range(9)]
    ents += [
        (text.index(f"N{n}"), text.index(f"N{n}") + 3, "PER") for n in range(10, 50)
    ]
    random.seed(1)
    _, copy = augmented([*names, example(text, ents)], copies=1, share=share)
    assert len(copy.reference.ents) == 49
    replaced = [ent for ent in copy.reference.ents if ent.text.startswith("Name")]
    assert abs(len(replaced) - expected) <= 8 * share


def test_the_space_behind_it_stays_and_those_inside_come_along():
    words = ["北", "京", "大", "学", "好"]
    first = Doc(NLP.vocab, words, spaces=[False] * 5)
    first.set_ents([Span(first, 0, 4, "ORG")])
    second = example("IBM (US) left", [(0, 3, "ORG")])
    third = example("the U. N. left", [(4, 9, "ORG")])
    augment = build_mention_replacement_v1(copies=40, share=1.0)
    list(augment(NLP, Example(NLP.make_doc(first.text), first)))
    list(augment(NLP, third))
    texts = {read(copy) for copy in augment(NLP, second)}
    assert ("北京大学 (US) left", ("北京大学", "ORG")) in texts
    assert ("U. N. (US) left", ("U. N.", "ORG")) in texts


def test_what_is_unknown_stays_unknown_and_what_is_outside_outside():
    words = ["Ann", "saw", "Bob", "or", "Eve"]
    doc = Doc(NLP.vocab, words)
    missing = [Span(doc, 3, 5)]
    doc.set_ents([Span(doc, 0, 1, "PER")], missing=missing)
    one = Example(NLP.make_doc(doc.text), doc)
    earlier = example("Mary Ann Lee left", [(0, 12, "PER")])
    _, *copies = augmented([earlier, one], copies=9, share=1.0)
    [longer, *_] = [copy.reference for copy in copies if len(copy.reference) == 7]
    assert [token.ent_iob_ for token in longer] == ["B", "I", "I", "O", "O", "", ""]


def test_a_text_without_annotation_teaches_nothing_afterwards_either():
    doc = NLP.make_doc("Ann left")
    _, copy = augmented([Example(NLP.make_doc("Ann left"), doc)], copies=1)
    assert not copy.reference.has_annotation("ENT_IOB")


def test_sentences_and_notes_stay():
    doc = Doc(NLP.vocab, ["Ann", "left", ".", "Bob", "Lee", "came", "."])
    for token in doc:
        token.is_sent_start = token.i in (0, 3)
    doc.set_ents([Span(doc, 0, 1, "PER"), Span(doc, 3, 5, "PER")])
    doc.user_data[KEY] = ["PER", "ORG"]
    doc.user_data["._.", "seen", 4, None] = True
    _, *copies = augmented([Example(NLP.make_doc(doc.text), doc)], copies=9, share=1.0)
    assert {read(copy)[0] for copy in copies} == {
        f"{one} left . {two} came . "
        for one in ("Ann", "Bob Lee")
        for two in ("Ann", "Bob Lee")
    }
    for copy in copies:
        first, second = copy.reference.sents
        assert first.text.endswith("left .") and second.text.endswith("came .")
        assert copy.reference.user_data == {KEY: ["PER", "ORG"]}


def nested():
    """A doc with an entity and two spans inside of it, and a plain entity."""
    doc = NLP.make_doc("the University of Oslo hired Ann Lee in Rome")
    doc.set_ents(
        [Span(doc, 1, 4, "ORG"), Span(doc, 5, 7, "PER"), Span(doc, 8, 9, "LOC")]
    )
    doc.spans["sc"] = [
        Span(doc, 1, 4, "ORG"),
        Span(doc, 3, 4, "LOC"),
        Span(doc, 5, 7, "PER"),
        Span(doc, 8, 9, "LOC"),
        Span(doc, 5, 9, "EVENT"),
    ]
    return doc


def test_spans_around_an_entity_grow_and_one_with_spans_inside_stays():
    doc = nested()
    earlier = example("Mary Ann Smith of NATO", [(0, 14, "PER"), (18, 22, "ORG")])
    one = Example(NLP.make_doc(doc.text), doc)
    _, *copies = augmented([earlier, one], copies=20, share=1.0)
    assert {copy.reference.text for copy in copies} == {
        f"the University of Oslo hired {person} in Rome"
        for person in ("Ann Lee", "Mary Ann Smith")
    }
    for copy in copies:
        person = copy.reference.ents[1].text
        assert [(s.text, s.label_) for s in copy.reference.spans["sc"]] == [
            ("University of Oslo", "ORG"),
            ("Oslo", "LOC"),
            (person, "PER"),
            ("Rome", "LOC"),
            (f"{person} in Rome", "EVENT"),
        ]


@given(st.data())
def test_without_replacements_a_copy_is_its_text(data):
    words = data.draw(st.lists(st.sampled_from(["Ann", "a", "北", "."]), min_size=1))
    spaces = data.draw(
        st.lists(st.booleans(), min_size=len(words), max_size=len(words))
    )
    doc = Doc(NLP.vocab, words, spaces)
    cuts = sorted(data.draw(st.sets(st.integers(0, len(words)))))
    ents = [Span(doc, a, b, "X") for a, b in zip(cuts[::2], cuts[1::2], strict=False)]
    doc.set_ents(ents, default=data.draw(st.sampled_from(["outside", "missing"])))
    _, copy = augmented([Example(NLP.make_doc(doc.text), doc)], copies=1, share=0.0)
    copied = copy.reference
    assert copied.text == doc.text
    for before, after in zip(doc, copied, strict=True):
        assert (before.text, before.ent_iob_, before.ent_type_) == (
            after.text,
            after.ent_iob_,
            after.ent_type_,
        )


def test_the_corpus_itself_is_not_changed():
    doc = nested()
    before = doc.to_bytes()
    augmented([Example(NLP.make_doc(doc.text), doc)], copies=3)
    assert doc.to_bytes() == before


def test_the_seed_decides_what_is_replaced():
    texts = [example(f"Name{n} x", [(0, len(f"Name{n}"), "PER")]) for n in range(20)]

    def chosen(seed):
        random.seed(seed)
        return [read(copy) for copy in augmented(texts, copies=5)]

    assert chosen(3) == chosen(3) != chosen(4)


def test_a_corpus_takes_it_by_its_registered_name(tmp_path):
    docs = [
        example(f"{name} left", [(0, 3, "PER")]).reference for name in ("Ann", "Bob")
    ]
    DocBin(docs=docs).to_disk(tmp_path / "gold.spacy")
    build = spacy.registry.augmenters.get("spacy_padellm.MentionReplacement.v1")
    corpus = Corpus(tmp_path / "gold.spacy", augmenter=build(copies=2))
    found = [read(one) for one in corpus(NLP)]
    assert len(found) == 6 and found[0] == found[1] == found[2]
    assert found[3] == ("Bob left", ("Bob", "PER"))


@pytest.mark.parametrize(
    "settings, message",
    [({"copies": 0}, "E502.*copies is 0"), ({"share": 1.5}, "E805.*share.*1.5")],
)
def test_a_wrong_setting_is_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        build_mention_replacement_v1(**settings)
